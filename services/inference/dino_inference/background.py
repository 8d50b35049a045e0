"""Extraction without a request: new uploads by event, what was missed while no process ran, what deletions leave."""

from __future__ import annotations

import logging
import time
from typing import Any

from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, Consumption, Events
from dino_common.errors import AssetNotFound, DinoError
from dino_inference.extraction import Extractor
from dino_inference.leftovers import Leftovers
from dino_inference.mirror import MirrorSender
from dino_inference.roles import Duties
from dino_inference.sweep import LibrarySweep

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 300.0
# The stream keeps events for a day; a version that was away for longer finds what it missed by its sweep.
_FORGOTTEN_SECONDS = 2 * 86_400.0


class BackgroundExtraction:
    """Keeps the library's features complete for a model version, as far as its role wants it."""

    def __init__(
        self,
        extractor: Extractor,
        leftovers: Leftovers,
        events: Events,
        *,
        concurrency: int,
        on_upload: bool,
        key: str | None = None,
        mirror: MirrorSender | None = None,
    ) -> None:
        """Args:
        extractor: does the work.
        leftovers: clears what a deleted content leaves.
        events: where uploads and deletions are told.
        concurrency: pictures in work at once; a batch's worth keeps the model busy.
        on_upload: whether uploads are extracted at once.
        key: of the model version; processes of two versions are told of every event each.
        mirror: takes copies of what is done for uploads.
        """
        self._extractor, self._leftovers, self._events = extractor, leftovers, events
        self._concurrency, self._on_upload, self._mirror = concurrency, on_upload, mirror
        self._suffix = f"-{key}" if key else ""
        self._forgotten = _FORGOTTEN_SECONDS if key else None
        self._uploads: Consumption | None = None
        self._deletions: Consumption | None = None
        self.sweep = LibrarySweep(extractor, chunk=max(1, min(32, extractor.model.batch_size)))

    async def start(self) -> None:
        """Do everything that a serving version does."""
        await self.follow(Duties(uploads=True, sweep=True, deletions=True))

    async def follow(self, duties: Duties, *, candidate: bool = False) -> None:
        """Begin and cease what the duties say.

        Args:
            duties: of the present role.
            candidate: the library is to be complete for this version, also where uploads are not extracted at once.
        """
        if duties.deletions and self._deletions is None:
            self._deletions = self._events.consume(
                f"inference-deletions{self._suffix}", [ASSET_DELETED], self._deleted, forgotten_after=self._forgotten
            )
        elif not duties.deletions and self._deletions is not None:
            ceased, self._deletions = self._deletions, None
            await ceased.stop()
        uploads = duties.uploads and self._on_upload
        if uploads and self._uploads is None:
            self._uploads = self._events.consume(
                f"inference-extraction{self._suffix}",
                [ASSET_CREATED],
                self._created,
                concurrency=self._concurrency,
                forgotten_after=self._forgotten,
            )
        elif not uploads and self._uploads is not None:
            ceased, self._uploads = self._uploads, None
            await ceased.stop()
        if duties.sweep and (self._on_upload or candidate):
            await self.sweep.start()
        elif not duties.sweep:
            await self.sweep.stop()

    async def _created(self, kind: str, event: dict[str, Any]) -> None:
        if event.get("kind") != "image":
            return
        asset_id = event["asset_id"]
        context = Context(asset_id, time.time() + _PATIENCE_SECONDS, "inference", "background-extraction")
        if self._mirror is not None:
            await self._mirror.copy("embed", context, {"asset_ids": [asset_id]})
        # Durable: what only the cache still knows, as after a deletion, would never reach the index.
        outcome = (await self._extractor.many([asset_id], context, durable=True))[0]
        failed = isinstance(outcome, DinoError) and outcome.status >= 500
        self._extractor.work.direct.ended(failed=failed)
        if isinstance(outcome, AssetNotFound):
            log.info("asset %s was deleted before its extraction", asset_id)
        elif isinstance(outcome, DinoError):
            raise outcome

    async def _deleted(self, kind: str, event: dict[str, Any]) -> None:
        await self._leftovers.clear(event["sha256"])

    async def stop(self) -> None:
        """End the look through the library; what is consumed ends with the events."""
        await self.sweep.stop()
