"""The vector index in files of this process, on Qdrant Edge."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from dino_analytics.index.compaction import optimize_copy
from dino_analytics.index.errors import IndexClosed, IndexFault, IndexUnavailable
from dino_analytics.index.interface import Filters, Hit, IndexItem, Vector
from dino_analytics.index.manifest import IndexDirectory, remove_directory
from dino_analytics.index.points import (
    canonical_id,
    collection_name,
    known_ids,
    stored_payload,
    unit_vector,
)
from dino_analytics.index.shard import Shard, edge_filter

log = logging.getLogger(__name__)
T = TypeVar("T")

COMPACT_AFTER = 20_000
"""Vectors outside the graph from which it is rebuilt; comparing that many one by one takes about 2 ms."""
FLUSH_DELAY = 1.0
"""Seconds after a write until it is brought to stable storage."""
TOLERANCE = 1e-6
"""Rounding of float32 cosines: a hit this little below `min_score` still counts."""


class EdgeIndex:
    """A persistent index in a directory; see `VectorIndex`.

    Every shard call runs in one thread, so the event loop never waits for one. An acknowledged write is in the
    write-ahead log and survives the death of the process (kill -9); within `FLUSH_DELAY` and at `close` it is
    flushed to stable storage, so that only a power cut can lose the last second, which reconciliation with the
    document store at start brings back. The graph is rebuilt in a child process on a copy and exchanged.
    """

    def __init__(self, directory: IndexDirectory, shard: Shard, thread: ThreadPoolExecutor, after: int) -> None:
        """Use `open` instead."""
        self.model_version, self.dimension = directory.manifest.model_version, directory.manifest.dimension
        self._directory, self._shard, self._thread, self._compact_after = directory, shard, thread, after
        self._writing = asyncio.Lock()
        self._touched: set[str] | None = None
        self._compaction: asyncio.Task[None] | None = None
        self._flush_soon: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Future[None] | None = None
        self._closed = False

    @classmethod
    async def open(
        cls, root: Path, model_version: str, dimension: int, *, compact_after: int = COMPACT_AFTER
    ) -> EdgeIndex:
        """Open or make the index of a model version under `root`.

        Raises IndexLocked when another process has it open, IndexDimensionMismatch or IndexVersionMismatch
        when it holds something else, IndexUnavailable when its files cannot be read.
        """
        path = root / collection_name(model_version)
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vector-index")

        def work() -> tuple[IndexDirectory, Shard]:
            directory = IndexDirectory(path, model_version, dimension)
            try:
                return directory, Shard(directory.shard(directory.manifest.generation), dimension)
            except BaseException:
                directory.release()
                raise

        try:
            directory, shard = await asyncio.get_running_loop().run_in_executor(thread, work)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        index = cls(directory, shard, thread, compact_after)
        await index._consider_compaction()
        return index

    @staticmethod
    async def drop(root: Path, model_version: str) -> None:
        """Remove the index of a model version under `root`. Raises IndexLocked when a process has it open."""
        path = root / collection_name(model_version)

        def work() -> None:
            if path.exists():
                remove_directory(path)

        try:
            await asyncio.to_thread(work)
        except OSError as error:
            raise IndexUnavailable(f"the index files at {path.name} cannot be removed: {error}") from error

    async def upsert(self, items: Sequence[IndexItem]) -> None:
        """See `VectorIndex`."""
        points = [
            (canonical_id(i.id), unit_vector(i.vector, self.dimension, self.model_version), stored_payload(i))
            for i in items
        ]
        if points:
            await self._write([p[0] for p in points], lambda: self._shard.upsert(points))

    async def delete(self, ids: Sequence[str]) -> None:
        """See `VectorIndex`."""
        if known := known_ids(ids):
            await self._write(known, lambda: self._shard.delete(known))

    async def search(
        self,
        vector: Vector,
        *,
        limit: int = 10,
        offset: int = 0,
        filters: Filters | None = None,
        min_score: float | None = None,
    ) -> list[Hit]:
        """See `VectorIndex`."""
        query = unit_vector(vector, self.dimension, self.model_version)
        condition = edge_filter(filters)
        hits = await self._run(lambda: self._shard.search(query, limit, offset, condition))
        return hits if min_score is None else [h for h in hits if h.score >= min_score - TOLERANCE]

    async def count(self, filters: Filters | None = None) -> int:
        """See `VectorIndex`."""
        condition = edge_filter(filters)
        return await self._run(lambda: self._shard.count(condition))

    async def ids(self, filters: Filters | None = None) -> list[str]:
        """See `VectorIndex`."""
        condition = edge_filter(filters)
        return await self._run(lambda: self._shard.ids(condition))

    async def payloads(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """See `VectorIndex`."""
        known = known_ids(ids)
        return await self._run(lambda: self._shard.payloads(known)) if known else {}

    async def get_payload(self, id: str) -> dict[str, Any] | None:
        """See `VectorIndex`."""
        return next(iter((await self.payloads([id])).values()), None)

    async def flush(self) -> None:
        """See `VectorIndex`."""
        await self._run(lambda: self._shard.flush())

    async def compact(self) -> None:
        """Build the search graph now, or wait for the build under way. Searches and writes go on meanwhile."""
        if self._closed:
            raise IndexClosed(f"the index of {self.model_version} is closed")
        if self._compaction is None:
            self._compaction = asyncio.create_task(self._rebuild())
        await asyncio.shield(self._compaction)

    async def close(self) -> None:
        """See `VectorIndex`."""
        if self._closed:
            return
        if self._compaction is not None:
            self._compaction.cancel()
            await asyncio.gather(self._compaction, return_exceptions=True)
        async with self._writing:
            self._closed = True
            if self._flush_soon is not None:
                self._flush_soon.cancel()
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._shard.close())
            finally:
                self._directory.release()
                self._thread.shutdown(wait=False)

    async def _run(self, call: Callable[[], T]) -> T:
        if self._closed:
            raise IndexClosed(f"the index of {self.model_version} is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        except IndexFault:
            raise
        except Exception as error:
            raise IndexUnavailable(f"the index of {self.model_version} failed: {error}") from error

    async def _write(self, ids: Sequence[str], call: Callable[[], None]) -> None:
        async with self._writing:
            if self._touched is not None:
                self._touched.update(ids)
            await self._run(call)
        if self._flush_soon is None and not self._closed:
            self._flush_soon = asyncio.get_running_loop().call_later(FLUSH_DELAY, self._start_flush)
        await self._consider_compaction()

    def _start_flush(self) -> None:
        self._flush_soon = None
        if not self._closed:
            self._flushing = asyncio.ensure_future(self.flush())
            self._flushing.add_done_callback(_log_failure)

    async def _consider_compaction(self) -> None:
        if self._compaction is None and not self._closed:
            if await self._run(lambda: self._shard.unindexed()) <= self._compact_after:
                return
            if self._compaction is None and not self._closed:
                self._compaction = asyncio.create_task(self._rebuild())
                self._compaction.add_done_callback(_log_failure)

    async def _rebuild(self) -> None:
        old = self._directory.manifest.generation
        source, target = self._directory.shard(old), self._directory.shard(old + 1)
        loop = asyncio.get_running_loop()
        try:
            async with self._writing:
                await self._run(lambda: self._shard.flush())
                # Not in the shard's thread: searches go on while the files are copied, only writes wait.
                await loop.run_in_executor(None, _copy, source, target)
                self._touched = set()
            await optimize_copy(target, self.dimension)
            async with self._writing:
                touched = sorted(self._touched)
                await self._run(lambda: self._exchange(target, old + 1, touched))
        except Exception:
            # The index works without; trying again at every write would only repeat the failure.
            self._compact_after *= 2
            raise
        finally:
            self._touched = None
            self._compaction = None

    def _exchange(self, target: Path, generation: int, touched: list[str]) -> None:
        fresh = Shard(target, self.dimension)
        for start in range(0, len(touched), 1000):
            ids = touched[start : start + 1000]
            fresh.delete(ids)
            if points := self._shard.raw(ids):
                fresh.upsert_raw(points)
        fresh.flush()
        stale, self._shard = self._shard, fresh
        stale.close()
        self._directory.switch(generation)


def _copy(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)


def _log_failure(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("work on the vector index failed: %s", error)
