"""Handler of the job analyze-video-shots."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import numpy as np

from dino_common.bus.client import BusClient
from dino_common.bus.job_context import JobContext
from dino_common.contracts import OPERATIONS
from dino_common.contracts.derived import RegisterDerivedResponse
from dino_common.contracts.internal import EmbedResponse
from dino_common.contracts.shots import AnalyzeShotsRequest, AnalyzeShotsResponse, Damage, Keyframe, Shot
from dino_common.errors import FileTooLarge, InvalidFileFormat, from_wire
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.objects import Objects
from dino_video.analysis.decoding import Decoding
from dino_video.analysis.describe import Pace, describe
from dino_video.analysis.film import Films, film_asset
from dino_video.analysis.kept import KeptChunks
from dino_video.analysis.motion import MotionBuilder, ShotMotion
from dino_video.analysis.stills import still, to_jpeg
from dino_video.analysis.timeline import Timeline, TimelineBuilder
from dino_video.core.decode.run import missing_seconds
from dino_video.core.media.facts import VideoFacts, probe
from dino_video.core.media.limits import MediaLimits
from dino_video.core.shots.detectors.interface import DetectorOptions
from dino_video.core.shots.detectors.named import DEFAULT, detector

_EMBEDDED_AT_ONCE = 16
_CHECKPOINT_EVERY = 20
# A result is one document of at most 15 MB, and a shot takes up to 5 kB.
_MOST_SHOTS = 2500


def limits_of(settings: Settings) -> MediaLimits:
    """Return what one film may cost."""
    return MediaLimits(
        duration_s=settings.max_video_seconds,
        pixels=settings.max_pixels,
        frames=settings.max_video_frames,
        wall_s=settings.max_video_decode_seconds,
    )


class AnalyzeHandler:
    """Finds and describes the shots of films; several jobs at once take turns by the minute of film."""

    def __init__(self, settings: Settings, assets: AssetStore, objects: Objects, bus: BusClient) -> None:
        """Use these stores; keyframes are registered and embedded through the bus."""
        self._assets, self._objects, self._bus = assets, objects, bus
        self._films, self._limits = Films(objects), limits_of(settings)
        self._turns = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))

    async def analyze(self, job: JobContext, request: AnalyzeShotsRequest) -> AnalyzeShotsResponse:
        """Run the job ``analyze-video-shots``; begun again after a crash, it goes on from what was kept.

        Raises:
            AssetNotFound: there is no such film.
            InvalidFileFormat: a picture, a film without video, or not one frame can be decoded.
            FileTooLarge: longer or larger than the limits.
            InvalidRequest: no detector has this name.
        """
        began = time.perf_counter()
        record = await film_asset(self._assets, request.video_asset_id)
        name = request.detector or DEFAULT
        detector(name, DetectorOptions(request.shot_detection_threshold))
        await job.advance(0, None, "opening")
        facts = await asyncio.to_thread(lambda: probe(self._films.open(record), self._limits))
        await self._tell_size(record, facts, job)
        kept = KeptChunks(self._objects, record.sha256)
        decoding = Decoding(record, facts, self._films, kept, self._limits, self._turns)
        await decoding.run(job)
        timeline = await self._timeline(decoding, request, name, job)
        motions = await self._motions(decoding, timeline, job)
        shots = await self._describe(record, facts, timeline, motions, request.extract_keyframes, job)
        model = await self._embed(shots, job) if request.extract_keyframes else None
        await kept.forget()
        return AnalyzeShotsResponse(
            video_asset_id=record.asset_id,
            total_shots=len(shots),
            video_duration=round(float(timeline.end_time), 6),
            shot_analyses=shots,
            width=facts.width,
            height=facts.height,
            frame_rate=round(float(facts.average_rate or facts.rate), 6),
            variable_frame_rate=facts.variable_rate,
            analysed_frames=len(timeline.times),
            damage=_damage(timeline, facts),
            detector=name,
            threshold=request.shot_detection_threshold,
            model=model.model if model else None,
            model_version=model.model_version if model else None,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _tell_size(self, record: AssetRecord, facts: VideoFacts, job: JobContext) -> None:
        if (record.width, record.height) != (facts.width, facts.height):
            fields = {"asset_id": record.asset_id, "width": facts.width, "height": facts.height}
            await self._bus.call(OPERATIONS["set-film-size"], fields, job)

    async def _timeline(self, decoding: Decoding, request: AnalyzeShotsRequest, name: str, job: JobContext) -> Timeline:
        options = DetectorOptions(request.shot_detection_threshold, decoding.facts.rate)
        boundaries = None if name == DEFAULT else await decoding.detect(detector(name, options), job)
        builder = TimelineBuilder(decoding.facts, request.shot_detection_threshold)
        for done, chunk in enumerate(decoding.chunks):
            await job.advance(done, len(decoding.chunks), "finding shots")
            await asyncio.to_thread(builder.add, await decoding.chunk(chunk, job))
        timeline = await asyncio.to_thread(builder.finish, boundaries)
        if not timeline.shots:
            raise InvalidFileFormat("not one frame of the video can be decoded")
        if len(timeline.shots) > _MOST_SHOTS:
            raise FileTooLarge(
                f"the film has {len(timeline.shots)} shots, more than the {_MOST_SHOTS} that one answer holds",
                details="Raise shot_detection_threshold, or cut the film.",
            )
        return timeline

    async def _motions(self, decoding: Decoding, timeline: Timeline, job: JobContext) -> list[ShotMotion]:
        builder = MotionBuilder(timeline)
        for done, (start, chunk) in enumerate(zip(timeline.starts, decoding.chunks, strict=True)):
            await job.advance(done, len(decoding.chunks), "following the camera")
            async with self._turns:
                await asyncio.to_thread(builder.add, start, await decoding.chunk(chunk, job))
        return await asyncio.to_thread(builder.finish)

    async def _describe(
        self,
        record: AssetRecord,
        facts: VideoFacts,
        timeline: Timeline,
        motions: list[ShotMotion],
        store: bool,
        job: JobContext,
    ) -> list[Shot]:
        pace = Pace(len(motions) / max(float(timeline.end_time) / 60, 1 / 60))
        shots = [Shot.model_validate(shot) for shot in _saved(job, store)]
        # Read by one thread at a time: every call is awaited before the next.
        source = self._films.open(record)
        for number, motion in enumerate(motions[len(shots) :], start=len(shots) + 1):

            def look(motion: ShotMotion = motion, number: int = number) -> tuple[Shot, list[bytes]]:
                times = [timeline.times[frame.index] for frame in motion.keyframes]
                pictures = [still(source, facts, moment, self._limits) for moment in times]
                shot = describe(number, motion, pictures, timeline, facts, pace)
                return shot, [to_jpeg(picture) for picture in pictures] if store else []

            async with self._turns:
                shot, files = await asyncio.to_thread(look)
            for keyframe, data in zip(shot.keyframes, files, strict=bool(files)):
                keyframe.asset_id = await self._register(record, shot, keyframe, data, job)
            shots.append(shot)
            save = number % _CHECKPOINT_EVERY == 0 and number < len(motions)
            told = [one.model_dump(mode="json") for one in shots] if save else None
            checkpoint = None if told is None else {"stored": store, "shots": told}
            await job.advance(number, len(motions), "describing shots", checkpoint)
        return shots

    async def _register(self, record: AssetRecord, shot: Shot, keyframe: Keyframe, data: bytes, job: JobContext) -> str:
        stem = record.filename.rsplit(".", 1)[0]
        answer = await self._bus.call(
            OPERATIONS["register-derived-asset"],
            {
                "video_asset_id": record.asset_id,
                "role": "keyframe",
                "time": keyframe.time,
                "data": data,
                "filename": f"{stem}-{keyframe.time:.3f}s.jpg",
                "tags": ["keyframe"],
                "metadata": {
                    "video_asset_id": record.asset_id,
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

    async def _embed(self, shots: list[Shot], job: JobContext) -> EmbedResponse | None:
        """Give each shot the features of its best keyframe; all of one model version, or asked again."""
        answer: EmbedResponse | None = None
        for start in range(0, len(shots), _EMBEDDED_AT_ONCE):
            part = shots[start : start + _EMBEDDED_AT_ONCE]
            await job.advance(start, len(shots), "extracting features")
            ids = [_best(shot) for shot in part]
            found = EmbedResponse.model_validate(await self._bus.call(OPERATIONS["embed"], {"asset_ids": ids}, job))
            if answer is not None and found.model_version != answer.model_version:
                # The model changed meanwhile: vectors of two versions do not stand in one answer.
                return await self._embed(shots, job)
            answer = found
            for shot, item in zip(part, found.items, strict=True):
                if item.error is not None:
                    raise from_wire(item.error.model_dump())
                shot.keyframe_features = np.asarray(item.vector, dtype=np.float32)
        await job.advance(len(shots), len(shots), "done")
        return answer


def _best(shot: Shot) -> str:
    best = max(shot.keyframes, key=lambda frame: frame.sharpness * frame.centrality)
    assert best.asset_id is not None
    return best.asset_id


def _saved(job: JobContext, store: bool) -> list[dict[str, Any]]:
    """Return the shots that an earlier worker has described."""
    checkpoint = job.checkpoint
    if not isinstance(checkpoint, dict) or checkpoint.get("stored") is not store:
        return []
    return list(checkpoint.get("shots", []))


def _damage(timeline: Timeline, facts: VideoFacts) -> Damage | None:
    found, missing = timeline.damage, missing_seconds(facts, timeline.times[-1])
    if not found.any and not missing:
        return None
    return Damage(
        lost_packets=found.packets,
        patched_frames=found.frames,
        disordered_frames=found.out_of_order,
        broken_off=found.broke_off or missing > 0,
        missing_seconds=round(missing, 3),
    )
