"""The describing stage of a job: each shot's keyframes are decoded, described, stored, and the shot is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_common.bus.client import BusClient
from dino_common.bus.job_context import JobContext
from dino_common.contracts import OPERATIONS
from dino_common.contracts.derived import RegisterDerivedResponse
from dino_common.contracts.shots import Keyframe, Shot
from dino_common.look.people import People, PeopleWatch
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.assets import AssetRecord
from dino_common.stores.content_lock import Lease
from dino_video.analysis.describe import Pace, describe
from dino_video.analysis.film import Films
from dino_video.analysis.motion import ShotMotion
from dino_video.analysis.people import people_of
from dino_video.analysis.stills import Stills, to_jpeg
from dino_video.analysis.threads import run_stoppable
from dino_video.analysis.timeline import Timeline
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits

log = logging.getLogger(__name__)

# Shots kept by one write; as many are described again after a crash.
_KEPT_AT_ONCE = 5
_STAGE = "describing shots"


@dataclass
class Describing:
    """Describes the shots of one film for one job.

    Attributes:
        store: whether keyframes become assets.
        turns: how many shots are described at once in this process; films take turns by the shot.
        lease: of the film's turn.
        people: looks for faces and bodies.
    """

    record: AssetRecord
    facts: VideoFacts
    timeline: Timeline
    films: Films
    limits: MediaLimits
    analyses: AnalysisStore
    bus: BusClient
    store: bool
    turns: asyncio.Semaphore
    lease: Lease
    people: PeopleWatch
    _stop: Callable[[], bool] = field(default=lambda: False, repr=False)

    async def run(self, motions: Sequence[ShotMotion], job: JobContext) -> None:
        """Describe every shot that an earlier worker of the same job has not; each is kept as it comes.

        Raises:
            ServiceUnavailable: another analysis of the film has taken its turn; those not kept are described again.
        """
        film, total = self.record.asset_id, len(motions)
        pace = Pace(total / max(float(self.timeline.end_time) / 60, 1 / 60))
        done = await self.analyses.count(film, job.job_id)
        if done:
            log.info("job %s resumes after shot %d of %d", job.job_id, done, total)
        # Read by one thread at a time: every call is awaited before the next.
        source = self.films.open(self.record, lambda: self._stop())
        stills = Stills(source, self.facts, self.limits, lambda: self._stop())
        waiting: list[dict[str, Any]] = []

        for number, motion in enumerate(motions[done:], start=done + 1):

            async def tell(number: int = number) -> None:
                await job.advance(number - 1, total, _STAGE)

            def look(stop: Callable[[], bool], motion: ShotMotion = motion):  # type: ignore[no-untyped-def]
                self._stop = stop
                return [stills.at(self.timeline.times[frame.index]) for frame in motion.keyframes]

            async with self.turns:
                pictures = await run_stoppable(look, tell)
                people = await people_of(self.people, pictures, job)
                shot, files = await run_stoppable(
                    partial(self._described, number, motion, pictures, people, pace), tell
                )
            for keyframe, data in zip(shot.keyframes, files, strict=bool(files)):
                keyframe.asset_id = await self._register(shot, keyframe, data, job)
            waiting.append(shot.model_dump())
            # The first by itself: by it is found what a job that ends early leaves behind.
            if len(waiting) == _KEPT_AT_ONCE or number in (1, total):
                # Until they are kept nothing names their keyframes: whoever has taken the turn may have removed some.
                await self.lease.confirm()
                await self.analyses.put_shots(film, job.job_id, number - len(waiting) + 1, waiting)
                waiting = []
                # A worker that goes on from here decodes what this one does.
                await asyncio.to_thread(stills.close)
            await job.advance(number, total, _STAGE)

    def _described(
        self,
        number: int,
        motion: ShotMotion,
        pictures: list[NDArray[np.uint8]],
        people: list[People] | None,
        pace: Pace,
        stop: Callable[[], bool],
    ) -> tuple[Shot, list[bytes]]:
        shot = describe(number, motion, pictures, self.timeline, self.facts, pace, people)
        files = []
        for picture in pictures if self.store else []:
            if stop():
                raise InterruptedError("nobody waits for the shot any more")
            files.append(to_jpeg(picture))
        return shot, files

    async def _register(self, shot: Shot, keyframe: Keyframe, data: bytes, job: JobContext) -> str:
        stem = self.record.filename.rsplit(".", 1)[0]
        answer = await self.bus.call(
            OPERATIONS["register-derived-asset"],
            {
                "video_asset_id": self.record.asset_id,
                "role": "keyframe",
                "time": keyframe.time,
                "data": data,
                "filename": f"{stem}-{keyframe.time:.3f}s.jpg",
                "tags": ["keyframe"],
                "metadata": {
                    "video_asset_id": self.record.asset_id,
                    "time": keyframe.time,
                    "timecode": keyframe.timecode,
                    "shot": shot.shot_id,
                    "shot_timecode": shot.start_timecode,
                    "shot_seconds": shot.duration,
                },
            },
            job,
        )
        return RegisterDerivedResponse.model_validate(answer).asset_id
