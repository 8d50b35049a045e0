"""The decoding stage of a job: chunk after chunk, each kept before the next one begins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from dino_common.bus.job_context import JobContext
from dino_common.metrics import video_metrics
from dino_common.stores.assets import AssetRecord
from dino_video.analysis.chunk_record import ChunkRecord, decode_chunk
from dino_video.analysis.film import Films
from dino_video.analysis.kept import KeptChunks
from dino_video.analysis.threads import run_stoppable
from dino_video.core.decode.chunks import CHUNK_SECONDS, Chunk, plan_chunks
from dino_video.core.decode.run import Consumer, Progress, decode
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits

T = TypeVar("T")
log = logging.getLogger(__name__)

DECODING = "decoding"
# Stretches without a frame after which a film of unknown length is over: a still may stand for minutes.
_EMPTY_STRETCHES = 3
# A film whose last frame comes this much before the end of its stretch, seconds, is over.
_SURELY_OVER = 2


@dataclass
class Decoding:
    """Decodes one film for one job.

    Attributes:
        turns: how many chunks are decoded at once in this process; waiting films take turns by the chunk.
        beside: consumers of this job alone, who see every frame of the film in order. What they have seen is not
            kept: after a crash the chunks that were kept are decoded again for them.
    """

    record: AssetRecord
    facts: VideoFacts
    films: Films
    kept: KeptChunks
    limits: MediaLimits
    turns: asyncio.Semaphore
    beside: Sequence[Consumer] = ()
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def total(self) -> int | None:
        """Frames to expect; None for a film that does not say."""
        if self.facts.declared_frames:
            return self.facts.declared_frames
        return None if self.facts.duration_s is None else max(1, round(self.facts.duration_s * self.facts.rate))

    async def run(self, job: JobContext) -> None:
        """Decode what was not decoded before, by this worker or another one.

        Raises:
            InvalidFileFormat, FileTooLarge, DeadlineExceeded: as ``decode`` says.
        """
        # No stretch is open: a header may declare no duration, or too little, and a stretch must fit into memory.
        declared = self.facts.duration_s
        planned = 0 if declared is None else len(plan_chunks(declared))
        empty = 0
        self.chunks = []
        while empty < _EMPTY_STRETCHES:
            number = len(self.chunks)
            chunk = Chunk(number, Fraction(number * CHUNK_SECONDS), Fraction((number + 1) * CHUNK_SECONDS))
            self.chunks.append(chunk)
            last = await self._stretch(chunk, number + 1 >= planned, job)
            if number + 1 < planned:
                continue
            empty = empty + 1 if last is None else 0
            # A film of known length that ends within the stretch has nothing after it.
            if declared is not None and (last is None or last < (number + 1) * CHUNK_SECONDS - _SURELY_OVER):
                break

    async def _stretch(self, chunk: Chunk, needed: bool, job: JobContext) -> Fraction | None:
        """Make sure that a stretch is kept; return its last frame's time, where that is needed and there is one."""
        if await self.kept.has(chunk.number):
            log.info("job %s resumes after minute %d", job.job_id, chunk.number + 1)
            if self.beside:
                async with self.turns:
                    await self._show(chunk, job)
            await job.advance(self._until(chunk.end), self.total, DECODING)
            if not needed:
                return None
            found = await self.chunk(chunk, job)
        else:
            async with self.turns:
                found = await self._decode(chunk, job, self.beside)
                await self.kept.put(chunk.number, found)
        return found.times[-1] if found.times else None

    async def _decode(self, chunk: Chunk, job: JobContext, beside: Sequence[Consumer] = ()) -> ChunkRecord:
        def work(stop: Callable[[], bool], note: Callable[[Progress], None]) -> ChunkRecord | None:
            source = self.films.open(self.record, stop)
            return decode_chunk(source, self.facts, chunk, self.limits, stop, note, beside)

        found = await self._told(work, chunk, job)
        if found is None:
            raise asyncio.CancelledError
        return found

    async def _show(self, chunk: Chunk, job: JobContext) -> None:
        """Decode a chunk for those beside alone."""

        def work(stop: Callable[[], bool], note: Callable[[Progress], None]) -> bool:
            source = self.films.open(self.record, stop)
            done = decode(source, self.facts, self.beside, chunk=chunk, limits=self.limits, stop=stop, progress=note)
            return done.stopped

        if await self._told(work, chunk, job):
            raise asyncio.CancelledError

    async def _told(
        self, work: Callable[[Callable[[], bool], Callable[[Progress], None]], T], chunk: Chunk, job: JobContext
    ) -> T:
        """Run ``work(stop, note)`` in a thread and tell how far it is."""
        before, told, counted = self._until(chunk.start), [0], [0]

        def note(progress: Progress) -> None:
            told[0] = progress.frames

        async def look() -> None:
            video_metrics().decoded(job.operation, told[0] - counted[0])
            counted[0] = told[0]
            done = before + told[0]
            await job.advance(done if self.total is None else min(done, self.total), self.total, DECODING)

        try:
            return await run_stoppable(lambda stop: work(stop, note), look)
        finally:
            video_metrics().decoded(job.operation, told[0] - counted[0])

    async def chunk(self, chunk: Chunk, job: JobContext) -> ChunkRecord:
        """Return a kept chunk; decoded again when the store has lost it."""
        found = await self.kept.get(chunk.number)
        if found is None:
            found = await self._decode(chunk, job)
            await self.kept.put(chunk.number, found)
        return found

    def _until(self, moment: Fraction | None) -> int:
        if moment is None:
            return self.total or 0
        return min(int(moment * self.facts.rate), self.total or 0)
