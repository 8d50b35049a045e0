"""Handler of the job score-video."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_common.bus.client import BusClient
from dino_common.bus.job_context import JobContext
from dino_common.contracts.video_score import ScoreVideoRequest
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.objects import Objects
from dino_video.analysis.film import Films, film_asset
from dino_video.core.media.facts import VideoFacts
from dino_video.handlers.analyze import limits_of
from dino_video.scoring.answer import I2V, NAMES, scored
from dino_video.scoring.deviations import deviations
from dino_video.scoring.findings import Wanted
from dino_video.scoring.reference import reference_asset, reference_pixels
from dino_video.scoring.run import STAGE, Scoring
from dino_video.stretch.anew import begun_anew
from dino_video.stretch.film import open_stretch
from dino_video.stretch.look import Eye
from dino_video.stretch.sampling import Stretch, stretch_of
from dino_video.stretch.segments import Segments

# Of what is kept for resuming: another one begins anew.
_VERSION = 1


class ScoreHandler:
    """Scores films; of a film no more than a few blocks of small frames are in memory."""

    def __init__(self, settings: Settings, assets: AssetStore, objects: Objects, bus: BusClient) -> None:
        """Use these stores; features come through the bus."""
        self._settings, self._assets, self._objects, self._bus = settings, assets, objects, bus
        self._films, self._limits = Films(objects), limits_of(settings)

    async def score(self, job: JobContext, request: ScoreVideoRequest) -> dict[str, Any]:
        """Run the job ``score-video``; begun again after a crash, it goes on from the last segment.

        Raises:
            AssetNotFound: there is no such film or reference.
            InvalidFileFormat: the film is a picture or cannot be decoded, the reference is a film.
            FileTooLarge: longer or larger than the limits.
            InvalidRequest: a time beyond the film, or a stretch of one frame.
        """
        began = time.perf_counter()
        record = await film_asset(self._assets, request.video_asset_id)
        pixels = await self._reference(request.reference_asset_id)
        if job.checkpoint is None:
            await job.advance(0, None, "opening")
        film = await open_stretch(self._films, record, self._limits, lambda facts: _stretch(request, facts))
        measures = [*(request.measures or NAMES), *([I2V] if pixels is not None else [])]
        wanted = _wanted(request, measures)
        segments = Segments(self._objects, record.sha256, job.job_id, _VERSION)

        async def run(resume: bool) -> tuple[Scoring, NDArray[np.float32] | None]:
            eye = Eye(self._bus, job)
            scoring = Scoring(film, wanted, request.shot_detection_threshold, eye, segments, job)
            await scoring.run(resume)
            return scoring, None if pixels is None else (await eye.look(pixels)).vectors[0]

        done, reference = await begun_anew(run, segments, job, STAGE)
        asked = {"per_shot": request.per_shot, "across_cuts": request.across_cuts}
        fields = await asyncio.to_thread(lambda: scored(done, measures, reference, **asked))
        job.afterwards.append(segments.forget)
        return {**_facts(request, done, wanted, measures), **fields, "processing_time": time.perf_counter() - began}

    async def _reference(self, asset_id: str | None) -> NDArray[np.uint8] | None:
        if asset_id is None:
            return None
        record = await reference_asset(self._assets, asset_id)
        return await reference_pixels(record, self._objects, self._settings)


def _stretch(request: ScoreVideoRequest, facts: VideoFacts) -> Stretch:
    per_second = request.frames_per_second
    return stretch_of(facts, start_time=request.start_time, end_time=request.end_time, per_second=per_second)


def _wanted(request: ScoreVideoRequest, measures: list[str]) -> Wanted:
    return Wanted(
        pixels=any(name in measures for name in ("temporal_flickering", "motion_smoothness")),
        features=any(name in measures for name in ("subject_consistency", "background_consistency", I2V)),
        shots=request.per_shot or not request.across_cuts,
    )


def _facts(request: ScoreVideoRequest, done: Scoring, wanted: Wanted, measures: list[str]) -> dict[str, Any]:
    film, found = done.film, done.found
    rate = film.stretch.rate
    sampled = min(film.stretch.per_second, rate)
    model = done.eye.model or None
    return {
        "video_asset_id": film.record.asset_id,
        "reference_asset_id": request.reference_asset_id,
        "start_time": round(float(found.times[0]), 6),
        "end_time": round(float(found.times[-1]), 6),
        "frames": len(found.times),
        "looked_at": len(found.sampled),
        "frames_per_second": round(float(sampled), 6),
        "truncated_at": None if done.truncated_at is None else round(float(done.truncated_at), 6),
        "patched_frames": found.patched,
        "cuts": len(done.spans) - 1 if wanted.shots else None,
        "deviations": deviations(
            measures,
            model=model,
            sampled_rate=round(float(sampled), 3),
            film_rate=round(float(rate), 3),
            across_cuts=request.across_cuts,
        ),
        "model": model,
        "model_version": done.eye.model_version or None,
    }
