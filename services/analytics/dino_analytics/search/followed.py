"""An index beside that of features, kept equal to the library in the background, crash or no crash.

It is opened when there is the first asset: an empty library needs no model. Events that come before are seen when the
new index is compared with the library; after a crash it is compared again.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from dino_analytics.asset_index import AssetIndex
from dino_analytics.index.errors import IndexFault
from dino_analytics.look_again import Together
from dino_common.bus.events import Events
from dino_common.bus.tasks import end
from dino_common.errors import DinoError, ServiceUnavailable
from dino_common.stores.assets import AssetStore

log = logging.getLogger(__name__)

Entry = TypeVar("Entry", bound=AssetIndex)

_CONCURRENCY, _BATCH = 64, 64
_LOOK_SECONDS = 2.0


class Followed(ABC, Generic[Entry]):
    """The open index, or none before there is something to put into it.

    Attributes:
        name: of its durable consumer of events.
        events: kinds that it follows.
        fault: why it cannot be brought up to date now, or None.
    """

    name: str
    events: tuple[str, ...]

    def __init__(self, assets: AssetStore) -> None:
        """Nothing is opened before ``start``."""
        self._assets = assets
        self._entry: Entry | None = None
        self._again = Together(self._look, _BATCH)
        self._opening = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.fault: str | None = None

    @abstractmethod
    async def open(self) -> Entry | None:
        """Open the index of the model that answers now; None where there is none to be."""

    @abstractmethod
    async def follow(self, entry: Entry) -> None:
        """Do every two seconds what events do not tell of."""

    @property
    def entry(self) -> Entry | None:
        """The index, or None when there is nothing in it yet."""
        return self._entry

    @property
    def complete(self) -> bool:
        """Whether the index was compared with the whole library and has missed nothing since."""
        return self._entry is not None and self._entry.compared and not self._entry.stale

    async def start(self, events: Events) -> None:
        """Begin to follow."""
        events.consume(self.name, list(self.events), self.on_event, concurrency=_CONCURRENCY)
        self._task = asyncio.create_task(self._run())

    async def on_event(self, kind: str, event: dict[str, Any]) -> None:
        """Look at the event's asset again."""
        if self._entry is None:
            self._wake.set()
        else:
            await self._again.do(event["asset_id"])

    async def again(self, asset_id: str) -> None:
        """Look at an asset again, together with others."""
        await self._again.do(asset_id)

    async def _look(self, asset_ids: list[str]) -> None:
        entry = self._entry
        if entry is None:
            return
        found = await self._assets.get_many(asset_ids)
        gone = [asset_id for asset_id in asset_ids if asset_id not in found]
        try:
            if gone:
                await entry.index.delete(gone)
            await entry.bring([r for r in found.values() if entry.kind in (None, r.kind)])
        except IndexFault as error:
            raise ServiceUnavailable(f"The index of {entry.name} does not answer: {error}", retry_after=2) from error

    async def ensure(self, asset_ids: list[str]) -> None:
        """Index those of these assets that are not in the index yet, such as one uploaded a moment ago.

        Raises:
            DinoError: inference or a store does not answer.
        """
        entry = self._entry or await self.opened()
        if entry is None:
            return
        try:
            there = await entry.index.payloads(asset_ids)
            if missing := [asset_id for asset_id in asset_ids if asset_id not in there]:
                records = (await self._assets.get_many(missing)).values()
                await entry.bring([r for r in records if entry.kind in (None, r.kind)])
        except IndexFault as error:
            raise ServiceUnavailable(f"The index of {entry.name} does not answer: {error}", retry_after=2) from error

    async def opened(self) -> Entry | None:
        """Return the index, opened at the first call."""
        async with self._opening:
            if self._entry is None:
                self._entry = await self.open()
                self._wake.set()
            return self._entry

    def exchange(self, entry: Entry) -> None:
        """Answer from this index from now on."""
        self._entry = entry

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
                log.exception("following the library failed; trying again")
                self.fault = repr(error)
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    def _complain(self, message: str) -> None:
        log.log(logging.DEBUG if message == self.fault else logging.WARNING, "%s waits: %s", self.name, message)
        self.fault = message

    async def _step(self) -> None:
        if self._entry is None and not (await self._assets.list(1))[0]:
            return
        entry = await self.opened()
        if entry is not None:
            await self.follow(entry)

    async def stop(self) -> None:
        """Follow no more and close the index."""
        await end([] if self._task is None else [self._task])
        if self._entry is not None:
            await self._entry.index.close()
