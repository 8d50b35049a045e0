"""Through the whole library, embedding what has no features of this version.

What is stored is the state: a process that starts anew, or beside others, finds what was done in the feature store.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Sequence

from dino_common.bus.context import Context
from dino_common.bus.tasks import end
from dino_common.contracts.rollout import LibraryProgress
from dino_common.errors import AssetNotFound, DinoError
from dino_common.metrics import inference_metrics
from dino_common.stores.assets import AssetRecord
from dino_inference.extraction import Extracted, Extractor

log = logging.getLogger(__name__)

_PAGE = 256
_LANES = 2  # chunks in work at once: one is decoded while the other is in the model
_PATIENCE_SECONDS = 300.0
_LOOK_AGAIN_SECONDS = (5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_MEASURE_SECONDS, _COUNT_LIBRARY_SECONDS, _WINDOW_SECONDS = 1.0, 10.0, 30.0
# Once nothing is left, only now and then: others ask for the status every second.
_IDLE_SECONDS = 300.0
# Counting a large library takes MongoDB a while; no more than this share of the time.
_COUNTING_SHARE = 0.05
_PUT_OFF = (503, 504)


class LibrarySweep:
    """One walk after another until nothing is left that could be done; several processes begin at different places."""

    def __init__(self, extractor: Extractor, chunk: int) -> None:
        """Args:
        extractor: does the work.
        chunk: pictures asked for at once.
        """
        self._extractor, self._chunk = extractor, chunk
        self._stores, self._version = extractor.stores, extractor.model.version
        self._place = str(uuid.uuid4())
        self._failed: set[str] = set()
        self._complete = False
        self._tasks: list[asyncio.Task[None]] = []
        self._total = self._done = 0
        self._measured, self._next_library_count = False, float("-inf")
        self._samples: deque[tuple[float, int]] = deque()

    async def start(self) -> None:
        """Begin, unless it is under way or has found nothing left."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        """Break off; what is stored stays."""
        await end(self._tasks)
        self._tasks, self._complete, self._measured = [], False, False
        self._samples.clear()

    async def progress(self) -> LibraryProgress | None:
        """Return how far the library is; None while this process does not sweep.

        Raises:
            ServiceUnavailable: MongoDB does not answer.
        """
        if not self._tasks:
            return None
        if not self._measured:
            await self._measure()
        failed = min(len(self._failed), self._total - self._done)
        rate, left = self._rate(), self._total - self._done - failed
        return LibraryProgress(
            total=self._total,
            done=self._done,
            failed=failed,
            per_second=rate,
            complete=self._complete,
            eta_seconds=0.0 if self._complete else left / rate if rate else None,
        )

    def _rate(self) -> float | None:
        if len(self._samples) < 2:
            return None
        (began, first), (now, last) = self._samples[0], self._samples[-1]
        return max(0, last - first) / (now - began)

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self._measure()
            except DinoError as error:
                log.debug("the library's features were not counted: %s", error.message)
            took = time.monotonic() - began
            await asyncio.sleep(max(_IDLE_SECONDS if self._complete else _MEASURE_SECONDS, took / _COUNTING_SHARE))

    async def _measure(self) -> None:
        now = time.monotonic()
        if now >= self._next_library_count or self._complete:
            self._total = await self._stores.assets.count_contents("image")
            took = time.monotonic() - now
            self._next_library_count = now + max(_COUNT_LIBRARY_SECONDS, took / _COUNTING_SHARE)
        self._done = min(self._total, await self._stores.features.count(self._version))
        self._measured = True
        self._samples.append((now, self._done))
        while now - self._samples[0][0] > _WINDOW_SECONDS and len(self._samples) > 2:
            self._samples.popleft()
        library = inference_metrics().library
        for state, count in (("total", self._total), ("done", self._done), ("failed", len(self._failed))):
            library.set(count, model_version=self._version, state=state)

    async def _run(self) -> None:
        walks = 0
        while True:
            try:
                if not await self._walk():
                    await self._finished()
                    return
            except DinoError as error:
                log.warning("looking for pictures without features broke off: %s", error.message)
            except Exception:
                # A sweep that ended here would keep a migration waiting for ever.
                log.exception("looking for pictures without features broke off")
            await asyncio.sleep(_LOOK_AGAIN_SECONDS[min(walks, len(_LOOK_AGAIN_SECONDS) - 1)])
            walks += 1

    async def _finished(self) -> None:
        self._next_library_count = float("-inf")
        await self._measure()
        self._complete = True

    async def _walk(self) -> bool:
        """Go through the library once; return whether trying again may do more."""
        done = put_off = 0
        self._failed.clear()
        page: list[AssetRecord] = []

        async def flush() -> None:
            nonlocal done, put_off
            missing: list[AssetRecord] = []
            for record, outcome in zip(*await self._embed(page), strict=True):
                if isinstance(outcome, Extracted):
                    done += 1
                elif isinstance(outcome, AssetNotFound):
                    missing.append(record)
                elif outcome.status in _PUT_OFF:
                    put_off += 1
                else:
                    self._failed.add(record.sha256)
            # Deleted meanwhile, or an asset whose bytes are not in the store: that one is a failure.
            alive = await self._stores.assets.get_many([record.asset_id for record in missing])
            self._failed.update(record.sha256 for record in missing if record.asset_id in alive)
            page.clear()

        async for record in self._library():
            page.append(record)
            if len(page) >= _PAGE:
                await flush()
        await flush()
        if done or put_off or self._failed:
            log.info(
                "extracted %d pictures that had no features of %s; %d cannot be, %d later",
                done,
                self._version,
                len(self._failed),
                put_off,
            )
        return put_off > 0

    async def _library(self) -> AsyncIterator[AssetRecord]:
        """Every picture once, from this process's place to the end and from the beginning to the place."""
        async for record in self._stores.assets.iter_all(kind="image", after=self._place):
            yield record
        async for record in self._stores.assets.iter_all(kind="image", until=self._place):
            yield record

    async def _embed(self, page: Sequence[AssetRecord]) -> tuple[list[AssetRecord], list[Extracted | DinoError]]:
        """Embed those of the page that have no features yet, a few chunks at a time."""
        have = await self._stores.features.exists_many([record.sha256 for record in page], self._version)
        todo = [record for record in page if record.sha256 not in have]
        lanes = asyncio.Semaphore(_LANES)

        async def embed(chunk: list[AssetRecord]) -> list[Extracted | DinoError]:
            async with lanes:
                context = Context("library", time.time() + _PATIENCE_SECONDS, "inference", "library-sweep")
                # What another process did since the look is found stored, not computed again.
                return await self._extractor.many([record.asset_id for record in chunk], context, durable=True)

        chunks = [todo[start : start + self._chunk] for start in range(0, len(todo), self._chunk)]
        outcomes = await asyncio.gather(*(embed(chunk) for chunk in chunks))
        return todo, [outcome for part in outcomes for outcome in part]
