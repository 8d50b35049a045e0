"""Handler of the job track-objects."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from dino_common.bus.client import BusClient
from dino_common.bus.job_context import JobContext
from dino_common.contracts.tracking import TrackObjectsRequest
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.objects import Objects
from dino_video.analysis.film import Films, film_asset
from dino_video.core.media.facts import VideoFacts
from dino_video.handlers.analyze import limits_of
from dino_video.stretch.anew import begun_anew
from dino_video.stretch.film import open_stretch
from dino_video.stretch.look import Eye
from dino_video.stretch.sampling import Stretch, stretch_of
from dino_video.stretch.segments import Segments
from dino_video.tracking.courses import Courses
from dino_video.tracking.follow import STAGE, Following
from dino_video.tracking.starts import starts_of
from dino_video.tracking.summary import summary

# Of what is kept for resuming: another one begins anew.
_VERSION = 1


class TrackHandler:
    """Follows objects; of a film no more than a few blocks of small frames are in memory."""

    def __init__(self, settings: Settings, assets: AssetStore, objects: Objects, bus: BusClient) -> None:
        """Use these stores; features come through the bus."""
        self._assets, self._objects, self._bus = assets, objects, bus
        self._films, self._limits = Films(objects), limits_of(settings)

    async def track(self, job: JobContext, request: TrackObjectsRequest) -> dict[str, Any]:
        """Run the job ``track-objects``; begun again after a crash, it goes on from the last segment.

        Raises:
            AssetNotFound: there is no such film.
            InvalidFileFormat: a picture, or a film that cannot be decoded.
            FileTooLarge: longer or larger than the limits.
            InvalidRequest: a time beyond the film, a box outside the picture, a mask of another size.
        """
        began = time.perf_counter()
        record = await film_asset(self._assets, request.video_asset_id)
        if job.checkpoint is None:
            await job.advance(0, None, "opening")
        film = await open_stretch(self._films, record, self._limits, lambda facts: _stretch(request, facts))
        starts = await asyncio.to_thread(starts_of, request.objects, film.facts)
        segments = Segments(self._objects, record.sha256, job.job_id, _VERSION)

        async def follow(resume: bool) -> Following:
            courses = Courses(starts, film.facts, request.mask_format if request.include_masks else None)
            following = Following(film, courses, Eye(self._bus, job), segments, job)
            await following.run(resume)
            return following

        done = await begun_anew(follow, segments, job, STAGE)
        await job.advance(done.courses.frames, done.courses.frames, "done")
        job.afterwards.append(segments.forget)
        return _answer(request, done) | {"processing_time": round(time.perf_counter() - began, 6)}


def _stretch(request: TrackObjectsRequest, facts: VideoFacts) -> Stretch:
    return stretch_of(
        facts,
        start_time=request.start_time,
        start_frame=request.start_frame,
        end_time=request.end_time,
        max_seconds=request.max_seconds,
        per_second=request.frames_per_second,
    )


def _answer(request: TrackObjectsRequest, done: Following) -> dict[str, Any]:
    """Return the fields of a TrackObjectsResponse; a plain dict, for tens of thousands of items."""
    film, courses = done.film, done.courses
    stretch = film.stretch
    objects = [
        {"number": number, "label": start.label, "items": items, "summary": summary(items)}
        for number, (start, items) in enumerate(zip(courses.starts, courses.items, strict=True), start=1)
    ]
    truncated = None if done.truncated_at is None else round(float(done.truncated_at), 6)
    return {
        "video_asset_id": film.record.asset_id,
        "width": film.facts.width,
        "height": film.facts.height,
        "start_time": courses.items[0][0]["time"],
        "end_time": courses.items[0][-1]["time"],
        "frames": courses.frames,
        "frames_per_second": round(float(min(stretch.per_second, stretch.rate)), 6),
        "truncated_at": truncated,
        "patched_frames": done.patched,
        "grid": list(courses.grid),
        "objects": objects,
        "model": done.eye.model,
        "model_version": done.eye.model_version,
    }
