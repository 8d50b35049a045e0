"""Following objects through a film: decoding, looking and tracking overlap; what is found is kept as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_common.bus.job_context import JobContext
from dino_common.errors import InvalidRequest
from dino_video.core.decode.frames import Frame
from dino_video.stretch.counting import counted
from dino_video.stretch.film import FilmStretch
from dino_video.stretch.flow import Stop, flowing
from dino_video.stretch.look import SEEN, Eye, Looked, looked_at
from dino_video.stretch.sampling import Sampler
from dino_video.stretch.segments import Segments
from dino_video.tracking.courses import Courses

STAGE = "tracking"
# Frames that go to the model at once: a block is decoded while the one before it is looked at.
_BLOCK = 8


@dataclass
class Following:
    """One job on its way.

    Attributes:
        truncated_at: time of the first frame that the answer had no room for.
        patched: frames that the film's damage left incomplete.
    """

    film: FilmStretch
    courses: Courses
    eye: Eye
    segments: Segments
    job: JobContext
    truncated_at: Fraction | None = None
    patched: int = 0
    _kept: list[int] = field(default_factory=list)

    async def run(self, resume: bool) -> None:
        """Follow the objects to the end of the stretch, or until the answer is full.

        Raises:
            InvalidRequest: the film has no frame in the stretch.
            BeginAnew: the model changed in the middle of the film, or what was kept of it is lost.
        """
        self._kept = [0] * len(self.courses.items)
        if resume:
            await self._resume()
        async with flowing(self._blocks) as blocks, aclosing(looked_at(self.eye, _pixels(blocks))) as seen:
            async for looked, block in seen:
                assert looked is not None
                await self._take(looked, block)
                if self.truncated_at is not None:
                    break
                await self._tell()
        if not self.courses.frames:
            raise InvalidRequest("the film has no frame at or after the beginning of the stretch")

    def _blocks(self, stop: Stop) -> Iterator[list[Frame]]:
        sampler = Sampler(self.film.stretch)
        if self.courses.last is not None:
            sampler.takes(self.courses.last)
        block: list[Frame] = []
        for frame in counted(self.film.frames([SEEN], self.courses.last, stop), self.job.operation):
            if sampler.takes(frame.time):
                block.append(frame)
            if len(block) == _BLOCK:
                yield block
                block = []
        if block:
            yield block

    async def _take(self, looked: Looked, block: list[Frame]) -> None:
        for frame, patches in zip(block, looked.patches, strict=True):
            if self.courses.full:
                self.truncated_at = frame.time
                return
            await asyncio.to_thread(self.courses.take, frame.time, patches)
            self.patched += frame.damaged

    async def _tell(self) -> None:
        done, total = self.courses.frames, self.film.total
        # Headers may declare too little.
        total = None if total is None else max(total, done)
        if self.segments.due:
            await self.segments.keep(self._segment(), self.job, done, total, STAGE)
        await self.job.advance(done, total, STAGE)

    def _segment(self) -> dict[str, Any]:
        items = [found[kept:] for found, kept in zip(self.courses.items, self._kept, strict=True)]
        self._kept = [len(found) for found in self.courses.items]
        return {
            "items": items,
            "courses": self.courses.saved(),
            "patched": self.patched,
            "model": [self.eye.model, self.eye.model_version],
        }

    async def _resume(self) -> None:
        """Go on from what earlier workers have kept: all items, and the state after the last of them."""
        items: list[list[dict[str, Any]]] = [[] for _ in self.courses.items]
        last: dict[str, Any] | None = None
        async for last in self.segments.resume(self.job):
            for one, more in zip(items, last["items"], strict=True):
                one.extend(more)
        if last is None:
            return
        self.courses.restore(last["courses"], items)
        self.patched = int(last["patched"])
        self.eye.model, self.eye.model_version = last["model"]
        self._kept = [len(one) for one in items]


async def _pixels(blocks: AsyncIterator[list[Frame]]) -> AsyncIterator[tuple[NDArray[np.uint8], list[Frame]]]:
    async for block in blocks:
        yield np.stack([frame.planes[SEEN] for frame in block]), block
