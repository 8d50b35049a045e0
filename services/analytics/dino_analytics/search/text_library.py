"""Keeps the index of texts equal to the library, in the background, crash or no crash.

The index is opened when there is the first asset to embed: an empty library needs no text model.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

from dino_analytics.index.errors import IndexFault
from dino_analytics.index.factory import drop_index, open_index
from dino_analytics.look_again import Together
from dino_analytics.search.knowledge import Knowledge
from dino_analytics.search.text_index import TextIndex
from dino_analytics.search.texts import Texts
from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, ASSET_UPDATED, Events
from dino_common.bus.tasks import end
from dino_common.errors import DinoError, ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.mongo import utc_now
from dino_common.stores.shot_words import ShotWordsStore

log = logging.getLogger(__name__)

_CONCURRENCY, _BATCH = 64, 64
_LOOK_SECONDS, _PATIENCE_SECONDS = 2.0, 60.0
_SHOTS_AT_ONCE = 256
# Between the machines that store shots.
_CLOCKS_DIFFER = timedelta(seconds=60)


class TextLibrary:
    """The open index of texts, or none before there is something to embed."""

    def __init__(
        self, settings: Settings, assets: AssetStore, shots: ShotWordsStore, knowledge: Knowledge, texts: Texts
    ) -> None:
        """Nothing is opened before ``start``."""
        self._settings, self._assets, self._shots = settings, assets, shots
        self._knowledge, self.texts = knowledge, texts
        self._entry: TextIndex | None = None
        self._again = Together(self._look, _BATCH)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._revision: int | None = None
        self._shots_until = utc_now()
        self.fault: str | None = None

    @property
    def entry(self) -> TextIndex | None:
        """The index, or None when there is nothing in it yet."""
        return self._entry

    @property
    def complete(self) -> bool:
        """Whether the index was compared with the whole library and has missed nothing since."""
        return self._entry is not None and self._entry.compared and not self._entry.stale

    async def start(self, events: Events) -> None:
        """Begin to follow uploads, changes, deletions and stored shots."""
        events.consume(
            "analytics-texts", [ASSET_CREATED, ASSET_UPDATED, ASSET_DELETED], self._on_event, concurrency=_CONCURRENCY
        )
        self._task = asyncio.create_task(self._run())

    async def _on_event(self, kind: str, event: dict[str, Any]) -> None:
        if self._entry is None:
            self._wake.set()  # whatever happened is seen when the new index is compared with the library
        else:
            await self._again.do(event["asset_id"])

    async def _look(self, asset_ids: list[str]) -> None:
        entry = self._entry
        if entry is None:
            return
        found = await self._assets.get_many(asset_ids)
        gone = [asset_id for asset_id in asset_ids if asset_id not in found]
        try:
            if gone:
                await entry.index.delete(gone)
            await entry.bring(list(found.values()))
        except IndexFault as error:
            raise ServiceUnavailable(f"The index of texts does not answer: {error}", retry_after=2) from error

    async def ensure(self, asset_ids: list[str]) -> None:
        """Index those of these assets that are not in the index yet, such as one uploaded a moment ago.

        Raises:
            DinoError: inference or a store does not answer.
        """
        if self._entry is None:
            await self._open()
        entry = self._entry
        assert entry is not None
        try:
            there = await entry.index.payloads(asset_ids)
            if missing := [asset_id for asset_id in asset_ids if asset_id not in there]:
                await entry.bring(list((await self._assets.get_many(missing)).values()))
        except IndexFault as error:
            raise ServiceUnavailable(f"The index of texts does not answer: {error}", retry_after=2) from error

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
                self.fault = None
            except DinoError as error:
                self._complain(error.message)
            except IndexFault as error:
                self._complain(str(error))
            except Exception as error:
                log.exception("following texts failed; trying again")
                self.fault = repr(error)
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    def _complain(self, message: str) -> None:
        log.log(logging.DEBUG if message == self.fault else logging.WARNING, "the index of texts waits: %s", message)
        self.fault = message

    async def _step(self) -> None:
        if self._entry is None:
            if not (await self._assets.list(1))[0]:
                return
            await self._open()
        entry = self._entry
        assert entry is not None
        if entry.stale:
            await self._change_model(entry)
        elif not entry.compared:
            revision, now = await self._shots.revision(), utc_now()
            await entry.reconcile()
            self._revision, self._shots_until = revision, now
        else:
            await self._follow_shots(entry)

    async def _open(self) -> None:
        async with self._opening:
            if self._entry is None:
                self._entry = await self._opened()
                self._wake.set()

    async def _opened(self) -> TextIndex:
        context = Context("text-index", time.time() + _PATIENCE_SECONDS, "analytics", "text-index")
        model = await self.texts.embed([""], context)
        index = await open_index(self._settings, index_name(model.model_version), model.dimension)
        return TextIndex(model.model_version, index, self._assets, self._knowledge, self.texts)

    async def _change_model(self, old: TextIndex) -> None:
        """Compare a stale index again, or exchange it when another text model answers by now."""
        context = Context("text-index", time.time() + _PATIENCE_SECONDS, "analytics", "text-index")
        model = await self.texts.embed([""], context)
        if model.model_version == old.model_version:
            await old.reconcile()
            return
        entry = await self._opened()
        await entry.reconcile()
        self._entry = entry
        await entry.reconcile()  # what came between the walk and the exchange
        await old.index.close()
        await drop_index(self._settings, index_name(old.model_version))
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

    async def stop(self) -> None:
        """Follow no more and close the index."""
        await end([] if self._task is None else [self._task])
        if self._entry is not None:
            await self._entry.index.close()


def index_name(model_version: str) -> str:
    """Return the name of the index of texts by a text model."""
    return f"texts {model_version}"
