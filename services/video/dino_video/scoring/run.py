"""Scoring a film: one decoding pass for all measures, with the model looking at a few frames beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_common.bus.job_context import JobContext
from dino_common.errors import InvalidRequest
from dino_video.core.shots.boundaries import ShotSpan, shots
from dino_video.core.shots.detectors.interface import DetectorOptions
from dino_video.core.shots.detectors.learned import LearnedDetector
from dino_video.core.vbench import background_features
from dino_video.core.vbench.course import PixelCourse
from dino_video.scoring.findings import Block, Findings, Room, Wanted, measured
from dino_video.stretch.counting import counted
from dino_video.stretch.film import FilmStretch
from dino_video.stretch.flow import Stop, flowing
from dino_video.stretch.look import SIDE, Eye, Looked, looked_at
from dino_video.stretch.sampling import Sampler
from dino_video.stretch.segments import Segments

STAGE = "scoring"


@dataclass
class Scoring:
    """One job on its way.

    Attributes:
        found: of all frames so far.
        truncated_at: time of the first frame that the answer had no room for.
        spans: the shots, once it has run; the whole stretch is one where none were looked for.
    """

    film: FilmStretch
    wanted: Wanted
    threshold: float
    eye: Eye
    segments: Segments
    job: JobContext
    found: Findings = field(default_factory=Findings)
    truncated_at: Fraction | None = None
    spans: tuple[ShotSpan, ...] = ()
    _fresh: Findings = field(default_factory=Findings)
    _thumbnails: list[NDArray[np.uint8]] = field(default_factory=list)

    async def run(self, resume: bool) -> None:
        """Measure the stretch to its end, or to what an answer holds, and find its shots.

        Raises:
            InvalidRequest: the film has fewer than two frames in the stretch.
            BeginAnew: the model changed in the middle of the film, or what was kept of it is lost.
        """
        detector = LearnedDetector(DetectorOptions(self.threshold, self.film.facts.rate))
        if resume:
            async for segment in self.segments.resume(self.job):
                self.found.extend(segment)
                self.eye.model, self.eye.model_version = segment["model"]
                await asyncio.to_thread(_feed, detector, segment["thumbnails"])
        async with flowing(self._blocks) as blocks, aclosing(looked_at(self.eye, _pixels(blocks))) as seen:
            async for looked, block in seen:
                await self._take(looked, block)
                await asyncio.to_thread(_feed, detector, block.thumbnails)
                await self._tell()
        if len(self.found.times) < 2:
            raise InvalidRequest("the film has fewer than two frames in the stretch; there is no course to score")
        await self.job.advance(len(self.found.times), len(self.found.times), "finding shots")
        self.spans = await asyncio.to_thread(self._shots, detector)

    async def _tell(self) -> None:
        done, total = len(self.found.times), self._total()
        # Headers may declare too little.
        total = None if total is None else max(total, done)
        if self.segments.due:
            await self.segments.keep(self._segment(), self.job, done, total, STAGE)
        await self.job.advance(done, total, STAGE)

    def _total(self) -> int | None:
        stretch = self.film.stretch
        if stretch.end is not None:
            return stretch.end - stretch.first
        seconds = self.film.facts.duration_s
        return None if seconds is None else max(2, round(seconds * stretch.rate) - stretch.first)

    def _blocks(self, stop: Stop) -> Iterator[Block]:
        found = self.found
        last = found.times[-1] if found.times else None
        sampler = Sampler(self.film.stretch)
        if found.sampled:
            sampler.takes(found.times[found.sampled[-1]])
        count = len(found.times)
        course = PixelCourse(count, list(found.held))
        frames = counted(self.film.frames(self.wanted.planes, last, stop), self.job.operation)
        return measured(frames, self.wanted, sampler, course, count, Room().less(count, len(found.sampled)))

    async def _take(self, looked: Looked | None, block: Block) -> None:
        vectors: Sequence[NDArray[np.float32]] = ()
        backgrounds: Sequence[NDArray[np.float32]] = ()
        if looked is not None:
            vectors = list(looked.vectors)
            backgrounds = list(await asyncio.to_thread(_scene, looked.patches))
        self.found.add(block, vectors, backgrounds)
        self._fresh.add(block, vectors, backgrounds)
        self._thumbnails += block.thumbnails
        self.truncated_at = block.left_out

    def _segment(self) -> dict[str, Any]:
        segment = self._fresh.saved(self._thumbnails) | {"model": [self.eye.model, self.eye.model_version]}
        self._fresh, self._thumbnails = Findings(), []
        return segment

    def _shots(self, detector: LearnedDetector) -> tuple[ShotSpan, ...]:
        times = self.found.times
        boundaries = detector.finish() if self.wanted.shots else []
        return shots(boundaries, times, times[-1] + 1 / self.film.facts.rate)


def _feed(detector: LearnedDetector, thumbnails: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> None:
    for thumbnail in thumbnails:
        detector.add(thumbnail)


def _scene(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of the whole scene: no subject is known that could be left out."""
    return background_features(patches, np.zeros(patches.shape[:3], np.float32))


async def _pixels(blocks: AsyncIterator[Block]) -> AsyncIterator[tuple[NDArray[np.uint8], Block]]:
    async for block in blocks:
        pixels = np.stack(block.pixels) if block.pixels else np.zeros((0, SIDE, SIDE, 3), np.uint8)
        block.pixels = []
        yield pixels, block
