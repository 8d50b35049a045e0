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

log = logging.getLogger(__name__)

_CHUNK = 32
_PATIENCE_SECONDS = 300.0


class BackgroundExtraction:
    """Keeps the library's features complete for the serving model."""

    def __init__(self, extractor: Extractor, events: Events, *, concurrency: int, on_upload: bool) -> None:
        """Args:
        extractor: does the work.
        events: where uploads and deletions are told.
        concurrency: pictures in work at once; a batch's worth keeps the model busy.
        on_upload: whether uploads are extracted at once.
        """
        self._extractor, self._events = extractor, events
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
        try:
            await self._extractor.one(event["asset_id"], self._context())
        except AssetNotFound:
            log.info("asset %s was deleted before its extraction", event["asset_id"])

    async def _deleted(self, kind: str, event: dict[str, Any]) -> None:
        sha256 = event["sha256"]
        if await self._extractor.stores.assets.count_with_hash(sha256) == 0:
            await self._extractor.stores.features.delete(sha256)

    async def _extract_missing(self) -> None:
        stores, version = self._extractor.stores, self._extractor.model.version
        done = failed = 0
        chunk: list[tuple[str, str]] = []

        async def flush() -> None:
            nonlocal done, failed
            have = await stores.features.exists_many([sha for _, sha in chunk], version)
            todo = [asset_id for asset_id, sha in chunk if sha not in have]
            if todo:
                for outcome in await self._extractor.many(todo, self._context()):
                    done += not isinstance(outcome, DinoError)
                    failed += isinstance(outcome, DinoError)
            chunk.clear()

        try:
            async for record in stores.assets.iter_all(kind="image"):
                chunk.append((record.asset_id, record.sha256))
                if len(chunk) >= _CHUNK:
                    await flush()
            if chunk:
                await flush()
            if done or failed:
                log.info("extracted %d pictures that had no features of %s (%d failed)", done, version, failed)
        except DinoError as error:
            log.warning("looking for pictures without features ended early: %s", error.message)

    async def stop(self) -> None:
        """End the look through the library."""
        if self._sweep is not None:
            self._sweep.cancel()
            await asyncio.gather(self._sweep, return_exceptions=True)
