"""Extraction without a request: new uploads by event, and what was missed while no process ran."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, Events
from dino_common.errors import AssetNotFound, DinoError
from dino_inference.extraction import Extractor
from dino_inference.leftovers import Leftovers

log = logging.getLogger(__name__)

_CHUNK = 32
_PATIENCE_SECONDS = 300.0
_LOOK_AGAIN_SECONDS = (5, 10, 30, 60, 120, 300, 600)


class BackgroundExtraction:
    """Keeps the library's features complete for the serving model."""

    def __init__(
        self, extractor: Extractor, leftovers: Leftovers, events: Events, *, concurrency: int, on_upload: bool
    ) -> None:
        """Args:
        extractor: does the work.
        leftovers: clears what a deleted content leaves.
        events: where uploads and deletions are told.
        concurrency: pictures in work at once; a batch's worth keeps the model busy.
        on_upload: whether uploads are extracted at once.
        """
        self._extractor, self._leftovers, self._events = extractor, leftovers, events
        self._concurrency, self._on_upload = concurrency, on_upload
        self._sweep: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to consume events and look once through the library for what has no features."""
        self._events.consume("inference-deletions", [ASSET_DELETED], self._deleted)
        if self._on_upload:
            self._events.consume("inference-extraction", [ASSET_CREATED], self._created, concurrency=self._concurrency)
            self._sweep = asyncio.create_task(self._extract_missing())

    def _context(self) -> Context:
        return Context("background", time.time() + _PATIENCE_SECONDS, "inference", "background-extraction")

    async def _created(self, kind: str, event: dict[str, Any]) -> None:
        if event.get("kind") != "image":
            return
        # Durable: what only the cache still knows, as after a deletion, would never reach the index.
        outcome = (await self._extractor.many([event["asset_id"]], self._context(), durable=True))[0]
        if isinstance(outcome, AssetNotFound):
            log.info("asset %s was deleted before its extraction", event["asset_id"])
        elif isinstance(outcome, DinoError):
            raise outcome

    async def _deleted(self, kind: str, event: dict[str, Any]) -> None:
        await self._leftovers.clear(event["sha256"])

    async def _extract_missing(self) -> None:
        """Look through the library until nothing is left that a part that was down or full kept from being done."""
        for pause in (*_LOOK_AGAIN_SECONDS, None):
            try:
                if not await self._look_through():
                    return
            except DinoError as error:
                log.warning("looking for pictures without features broke off: %s", error.message)
            if pause is not None:
                await asyncio.sleep(pause)
        log.error("pictures without features are left until a request or a restart")

    async def _look_through(self) -> bool:
        """Extract what has no features of the serving model; return whether trying again may do more."""
        stores, version = self._extractor.stores, self._extractor.model.version
        done, faulty, put_off = 0, 0, 0
        chunk: list[tuple[str, str]] = []

        async def flush() -> None:
            nonlocal done, faulty, put_off
            have = await stores.features.exists_many([sha for _, sha in chunk], version)
            todo = [asset_id for asset_id, sha in chunk if sha not in have]
            for outcome in await self._extractor.many(todo, self._context(), durable=True) if todo else ():
                if isinstance(outcome, AssetNotFound):
                    continue  # deleted meanwhile
                if not isinstance(outcome, DinoError):
                    done += 1
                elif outcome.status in (503, 504):
                    put_off += 1
                else:
                    faulty += 1
            chunk.clear()

        async for record in stores.assets.iter_all(kind="image"):
            chunk.append((record.asset_id, record.sha256))
            if len(chunk) >= _CHUNK:
                await flush()
        if chunk:
            await flush()
        if done or faulty or put_off:
            log.info(
                "extracted %d pictures that had no features of %s; %d cannot be, %d later",
                done,
                version,
                faulty,
                put_off,
            )
        return put_off > 0

    async def stop(self) -> None:
        """End the look through the library."""
        if self._sweep is not None:
            self._sweep.cancel()
            await asyncio.gather(self._sweep, return_exceptions=True)
