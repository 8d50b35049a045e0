"""Keeps the index of pictures in the image-text space equal to the library."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from dino_analytics.index.factory import drop_index, open_index
from dino_analytics.search.followed import Followed
from dino_analytics.search.image_text_index import ImageTextIndex
from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, ASSET_UPDATED, FEATURES_STORED
from dino_common.contracts import OPERATIONS
from dino_common.contracts.image_text import EmbedImageTextResponse, ImageTextSpace
from dino_common.errors import DinoError, ModelNotLoaded
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.features import FeatureStore

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
_AT_ONCE = 32
# Seconds between questions whether inference still makes the same space.
_ASK_AGAIN_SECONDS = 60.0


class ImageTextLibrary(Followed[ImageTextIndex]):
    """Follows uploads, changes, deletions and the vectors that inference stores.

    Attributes:
        off: inference has said that the deployment has no image-text space.
    """

    name = "analytics-image-text"
    events = (ASSET_CREATED, ASSET_UPDATED, ASSET_DELETED, FEATURES_STORED)

    def __init__(self, settings: Settings, assets: AssetStore, features: FeatureStore, bus: BusClient) -> None:
        """Nothing is opened before ``start``."""
        super().__init__(assets)
        self._settings, self._features, self._bus = settings, features, bus
        self.off = False
        self._asked = float("-inf")

    async def embed(
        self, context: Context, texts: Sequence[str] = (), asset_ids: Sequence[str] = ()
    ) -> EmbedImageTextResponse:
        """Ask inference for vectors of texts, and to have those of assets stored.

        Raises:
            DinoError: inference does not answer, or its model is missing.
        """
        request = {"texts": list(texts), "asset_ids": list(asset_ids)}
        answer = await self._bus.call(OPERATIONS["embed-image-text"], request, context)
        return EmbedImageTextResponse.model_validate(answer)

    async def query(self, text: str, context: Context) -> tuple[ImageTextIndex, np.ndarray] | None:
        """Return the index and the vector of a text in it; None when the space is off or nothing is in it.

        Raises:
            DinoError: inference does not answer, its model is missing, or its space is another by now.
        """
        entry = self.entry
        if self.off or entry is None:
            if self.fault is not None:
                raise ModelNotLoaded(self.fault, retry_after=5)
            return None
        answer = await self.embed(context, texts=[text])
        if answer.space is None or answer.space.model_version != entry.space.model_version:
            entry.stale = True
            raise ModelNotLoaded("The image-text space has changed; the pictures are placed anew", retry_after=10)
        return entry, np.asarray(answer.vectors, dtype=np.float32)[0]

    async def place(self, asset_ids: Sequence[str], context: Context) -> None:
        """Have these assets in the index as far as they can be: films and damaged pictures have no place.

        While the space cannot be asked nothing happens; the search says so.
        """
        try:
            entry = self.entry or await self.opened()
            if entry is None:
                return
            there = await entry.index.payloads(asset_ids)
            missing = [asset_id for asset_id in asset_ids if asset_id not in there]
            for start in range(0, len(missing), _AT_ONCE):
                await self.embed(context, asset_ids=missing[start : start + _AT_ONCE])
            await self.ensure(missing)
        except DinoError as error:
            log.info("assets of a search are not placed now: %s", error.message)

    async def open(self) -> ImageTextIndex | None:
        """See ``Followed``."""
        if self.off and time.monotonic() - self._asked < _ASK_AGAIN_SECONDS:
            return None
        space = await self._space()
        return None if space is None else await self._opened(space)

    async def follow(self, entry: ImageTextIndex) -> None:
        """See ``Followed``."""
        if not entry.stale and entry.compared and time.monotonic() - self._asked < _ASK_AGAIN_SECONDS:
            return
        space = await self._space()
        if space is not None and space.model_version != entry.space.model_version:
            fresh = await self._opened(space)
            await fresh.reconcile()
            self.exchange(fresh)
            await fresh.reconcile()  # what came between the walk and the exchange
            await entry.index.close()
            await drop_index(self._settings, _index_name(entry.space.model_version))
            log.info("pictures are searched by %s instead of %s", fresh.name, entry.name)
        elif entry.stale or not entry.compared:
            await entry.reconcile()

    async def on_event(self, kind: str, event: dict[str, Any]) -> None:
        """See ``Followed``."""
        entry = self.entry
        if kind != FEATURES_STORED:
            await super().on_event(kind, event)
        elif entry is not None and event["model_version"] == entry.space.model_version:
            for record in await self._assets.with_hashes([event["sha256"]], "image"):
                await self.again(record.asset_id)

    async def _space(self) -> ImageTextSpace | None:
        context = Context("image-text-index", time.time() + _PATIENCE_SECONDS, "analytics", "image-text-index")
        space = (await self.embed(context)).space
        self._asked, self.off = time.monotonic(), space is None
        return space

    async def _opened(self, space: ImageTextSpace) -> ImageTextIndex:
        index = await open_index(self._settings, _index_name(space.model_version), space.dimension)
        return ImageTextIndex(space, index, self._assets, self._features)


def _index_name(version: str) -> str:
    return f"image-text {version}"
