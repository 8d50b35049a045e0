"""From assets to their vectors in the image-text space: stored ones, else decoded, placed and stored."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from dino_common.bus.events import FEATURES_STORED, Events
from dino_common.errors import AssetNotFound, DinoError, InvalidFileFormat, ModelNotLoaded, ProcessingFailed
from dino_common.imaging import ImageLimits, decode_rgb
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord
from dino_common.stores.features import FeatureRecord
from dino_common.stores.mongo import utc_now
from dino_inference.extraction import Stores
from dino_inference.image_text.choose import OFF, load_image_text
from dino_inference.image_text.space import ImageTextModel, Placed
from dino_inference.leftovers import Leftovers

log = logging.getLogger(__name__)
T = TypeVar("T")

SPACE = "image_text"
# A JPEG may be decoded at less than its size, but no smaller than models look at.
_AT_LEAST = 448
_TRY_AGAIN_SECONDS = 60.0


class Placing:
    """Loads the model at the first use and keeps it; one thread of its own computes."""

    def __init__(self, settings: Settings, stores: Stores, events: Events, leftovers: Leftovers) -> None:
        """Nothing is loaded yet."""
        self._settings, self._stores, self._events, self._leftovers = settings, stores, events, leftovers
        self._limits = ImageLimits(max_pixels=settings.max_pixels)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="image-text")
        self._model: ImageTextModel | None = None
        self._failed: tuple[float, ModelNotLoaded] | None = None
        self._loading = asyncio.Lock()
        self._shared: dict[str, asyncio.Task[None]] = {}

    @property
    def off(self) -> bool:
        """Whether the deployment has switched the space off."""
        return self._settings.image_text_model == OFF

    async def model(self) -> ImageTextModel:
        """Return the model, loading it at the first call; a failure is tried again after a minute.

        Raises:
            ModelNotLoaded: it cannot be loaded.
        """
        async with self._loading:
            if self._model is None:
                if self._failed is not None and time.monotonic() - self._failed[0] < _TRY_AGAIN_SECONDS:
                    raise self._failed[1]
                try:
                    self._model = await self._run(lambda: load_image_text(self._settings))
                except ModelNotLoaded as error:
                    self._failed = (time.monotonic(), error)
                    log.warning("there is no image-text space for now: %s", error.message)
                    raise
                log.info("the image-text space is %s", self._model.version)
            return self._model

    async def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 (n, dimension), rows of length 1."""
        model = await self.model()
        return await self._run(lambda: model.embed_texts(texts))

    async def make_sure(self, asset_ids: Sequence[str]) -> dict[str, DinoError]:
        """Have the vectors of these assets stored; return why some have none, by id.

        Raises:
            DinoError: a part is down.
        """
        model = await self.model()
        records = await self._stores.assets.get_many(asset_ids)
        wanted = [record.sha256 for record in records.values()]
        have = await self._stores.features.exists_many(wanted, model.version)
        failures: dict[str, DinoError] = {}
        for asset_id in dict.fromkeys(asset_ids):
            record = records.get(asset_id)
            if record is None:
                failures[asset_id] = AssetNotFound(f"Asset {asset_id} not found")
            elif record.sha256 not in have:
                try:
                    await self._once(record, model)
                except DinoError as error:
                    if error.passing:
                        raise
                    failures[asset_id] = error
        return failures

    async def _once(self, record: AssetRecord, model: ImageTextModel) -> None:
        """Compute a content once, whoever asks for it meanwhile."""
        task = self._shared.get(record.sha256)
        if task is None:
            task = self._shared[record.sha256] = asyncio.create_task(self._compute(record, model))
            task.add_done_callback(lambda done: self._done(record.sha256, done))
        await asyncio.shield(task)

    def _done(self, sha256: str, task: asyncio.Task[None]) -> None:
        self._shared.pop(sha256, None)
        if not task.cancelled():
            task.exception()  # looked at even when everybody has left

    async def _compute(self, record: AssetRecord, model: ImageTextModel) -> None:
        if record.kind != "image":
            raise InvalidFileFormat(f"Asset {record.asset_id} is a film, not a picture")
        data = await self._stores.cache.get_original(record.sha256)
        if data is None:
            data = await self._stores.objects.get_bytes(record.object_key, self._settings.max_picture_bytes)

        def work() -> Placed:
            return model.place([decode_rgb(data, self._limits, at_least=_AT_LEAST)])[0]

        try:
            placed = await self._run(work)
        except DinoError:
            raise
        except Exception as error:
            log.exception("placing %s failed", record.asset_id)
            raise ProcessingFailed("The picture could not be placed in the image-text space") from error
        await self._stores.features.put(
            FeatureRecord(
                sha256=record.sha256,
                model=model.version.split("@")[0],
                model_version=model.version,
                vector=placed.vector,
                dimension=model.dimension,
                created_at=utc_now(),
                space=SPACE,
                labels=placed.labels,
            )
        )
        if not await self._leftovers.clear(record.sha256):
            await self._events.publish(FEATURES_STORED, {"sha256": record.sha256, "model_version": model.version})

    async def _run(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
