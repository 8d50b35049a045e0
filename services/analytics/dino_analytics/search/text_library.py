"""Keeps the index of texts equal to the library."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

from dino_analytics.index.factory import drop_index, open_index
from dino_analytics.search.followed import Followed
from dino_analytics.search.knowledge import Knowledge
from dino_analytics.search.text_index import TextIndex
from dino_analytics.search.texts import Texts
from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, ASSET_UPDATED, DESCRIPTION_STORED
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.mongo import utc_now
from dino_common.stores.shot_words import ShotWordsStore

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
_SHOTS_AT_ONCE = 256
# Between the machines that store shots.
_CLOCKS_DIFFER = timedelta(seconds=60)


class TextLibrary(Followed[TextIndex]):
    """Follows uploads, changes, deletions, stored descriptions and stored shots."""

    name = "analytics-texts"
    events = (ASSET_CREATED, ASSET_UPDATED, ASSET_DELETED, DESCRIPTION_STORED)

    def __init__(
        self, settings: Settings, assets: AssetStore, shots: ShotWordsStore, knowledge: Knowledge, texts: Texts
    ) -> None:
        """Nothing is opened before ``start``."""
        super().__init__(assets)
        self._settings, self._shots, self._knowledge, self.texts = settings, shots, knowledge, texts
        self._revision: int | None = None
        self._shots_until = utc_now()

    async def open(self) -> TextIndex:
        """See ``Followed``."""
        model_version, dimension = await self._model()
        index = await open_index(self._settings, _index_name(model_version), dimension)
        return TextIndex(model_version, index, self._assets, self._knowledge, self.texts)

    async def on_event(self, kind: str, event: dict[str, Any]) -> None:
        """See ``Followed``; a description is of every asset with its content."""
        if kind != DESCRIPTION_STORED:
            await super().on_event(kind, event)
            if kind == ASSET_UPDATED and event.get("kind") == "video" and self._entry is not None:
                # A film's name and tags are among the words of its keyframes.
                derived = await self._assets.derived_of(event["asset_id"])
                await asyncio.gather(*(self.again(asset_id) for asset_id in derived))
        elif self._entry is not None:
            described = await self._assets.with_hashes([event["sha256"]], "image")
            await asyncio.gather(*(self.again(record.asset_id) for record in described))

    async def follow(self, entry: TextIndex) -> None:
        """See ``Followed``."""
        if entry.stale:
            await self._renew(entry)
        elif not entry.compared:
            revision, now = await self._shots.revision(), utc_now()
            await entry.reconcile()
            self._revision, self._shots_until = revision, now
        else:
            await self._follow_shots(entry)

    async def _model(self) -> tuple[str, int]:
        context = Context("text-index", time.time() + _PATIENCE_SECONDS, "analytics", "text-index")
        vectors = await self.texts.embed([""], context)
        return vectors.model_version, vectors.dimension

    async def _renew(self, old: TextIndex) -> None:
        """Compare a stale index again, or exchange it when another text model answers by now."""
        if (await self._model())[0] == old.model_version:
            await old.reconcile()
            return
        entry = await self.open()
        await entry.reconcile()
        self.exchange(entry)
        await entry.reconcile()  # what came between the walk and the exchange
        await old.index.close()
        await drop_index(self._settings, _index_name(old.model_version))
        log.info("texts are searched by %s instead of %s", entry.model_version, old.model_version)

    async def _follow_shots(self, entry: TextIndex) -> None:
        revision = await self._shots.revision()
        if revision == self._revision:
            return
        changed, until = await self._shots.changed_since(self._shots_until - _CLOCKS_DIFFER)
        ids = list({i for shot in changed for i in (shot.video_asset_id, shot.keyframe_asset_id) if i is not None})
        for start in range(0, len(ids), _SHOTS_AT_ONCE):
            await entry.refresh(list((await self._assets.get_many(ids[start : start + _SHOTS_AT_ONCE])).values()))
        self._revision, self._shots_until = revision, until


def _index_name(model_version: str) -> str:
    return f"texts {model_version}"
