"""Handler of the job analyze-video-shots."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from dino_common.bus.client import BusClient
from dino_common.bus.job_context import JobContext
from dino_common.contracts import OPERATIONS
from dino_common.contracts.shots import AnalyzeShotsRequest, Damage
from dino_common.errors import FileTooLarge, InvalidFileFormat
from dino_common.look.people import PeopleWatch
from dino_common.metrics import video_metrics
from dino_common.settings import Settings
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.content_lock import ContentLock, Lease
from dino_common.stores.mongo import utc_now
from dino_common.stores.objects import Objects
from dino_common.stores.shots import ShotStore
from dino_video.analysis.decoding import Decoding
from dino_video.analysis.describing import Describing
from dino_video.analysis.film import Films, film_asset
from dino_video.analysis.finishing import Finishing
from dino_video.analysis.kept import KeptChunks
from dino_video.analysis.motion import MotionBuilder, ShotMotion
from dino_video.analysis.threads import run_stoppable
from dino_video.analysis.timeline import Timeline, TimelineBuilder, lives_on_thumbnails
from dino_video.analysis.turn import film_turn
from dino_video.core.decode.run import missing_seconds
from dino_video.core.media.facts import VideoFacts, probe
from dino_video.core.media.limits import MediaLimits
from dino_video.core.shots.detectors.interface import DetectorOptions, ShotDetector
from dino_video.core.shots.detectors.named import DEFAULT, detector

# Each is described from pictures at full size and stored: a film of more is flicker, or a threshold far too low.
_MOST_SHOTS = 20_000


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

    def __init__(
        self,
        settings: Settings,
        assets: AssetStore,
        objects: Objects,
        bus: BusClient,
        analyses: AnalysisStore,
        library: ShotStore,
        locks: ContentLock,
    ) -> None:
        """Use these stores; keyframes are registered and embedded through the bus."""
        self._assets, self._objects, self._bus = assets, objects, bus
        self._analyses, self._library, self._locks = analyses, library, locks
        self._films, self._limits = Films(objects), limits_of(settings)
        self._people = PeopleWatch(bus, settings.face_detector)
        self._turns = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))

    async def analyze(self, job: JobContext, request: AnalyzeShotsRequest) -> dict[str, Any]:
        """Run the job ``analyze-video-shots``; begun again after a crash, it goes on from what was kept.

        Raises:
            AssetNotFound: there is no such film.
            InvalidFileFormat: a picture, a film without video, or not one frame can be decoded.
            FileTooLarge: longer or larger than the limits, or of more shots.
            InvalidRequest: no detector has this name.
        """
        clock = time.perf_counter()
        record = await film_asset(self._assets, request.video_asset_id)
        name, threshold = request.detector or DEFAULT, request.shot_detection_threshold
        await job.advance(0, None, "opening")
        facts = await run_stoppable(
            lambda stop: probe(self._films.open(record, stop), self._limits), lambda: job.advance(0, None, "opening")
        )
        # In a thread: some load a network.
        finder = await asyncio.to_thread(detector, name, DetectorOptions(threshold, facts.rate))
        await self._tell_size(record, facts, job)
        kept = KeptChunks(self._objects, record.sha256)
        beside = [] if lives_on_thumbnails(finder) else [finder]
        decoding = Decoding(record, facts, self._films, kept, self._limits, self._turns, beside)
        await decoding.run(job)
        timeline = await self._timeline(decoding, finder, job)
        motions = await self._motions(decoding, timeline, job)
        damage = _damage(timeline, facts)
        told = {
            "video_duration": round(float(timeline.end_time), 6),
            "width": facts.width,
            "height": facts.height,
            "frame_rate": round(float(facts.average_rate or facts.rate), 6),
            "variable_frame_rate": facts.variable_rate,
            "analysed_frames": len(timeline.times),
            "damage": damage.model_dump() if damage else None,
            "detector": name,
            "threshold": threshold,
        }
        async with film_turn(self._locks, record.asset_id, job) as lease:
            shots = await self._described(record, facts, timeline, motions, told, request.extract_keyframes, lease, job)
        video_metrics().found(len(motions))
        # Only then: until the answer is stored another worker may have to go on.
        job.afterwards.append(kept.forget)
        rest = len(shots) < len(motions)
        return {
            "video_asset_id": record.asset_id,
            "analysis_id": job.job_id,
            "total_shots": len(motions),
            "shot_analyses": shots,
            "more": f"/api/v1/videos/{record.asset_id}/analysis?cursor={job.job_id}:{len(shots)}" if rest else None,
            **told,
            "processing_time": round(time.perf_counter() - clock, 6),
        }

    async def _described(
        self,
        record: AssetRecord,
        facts: VideoFacts,
        timeline: Timeline,
        motions: list[ShotMotion],
        told: dict[str, Any],
        store: bool,
        lease: Lease,
        job: JobContext,
    ) -> list[dict[str, Any]]:
        """Describe the shots, make them the film's newest analysis, and return those that the answer holds.

        ``told``, the fields of the analysis, is given those that say whose features the keyframes have.
        """
        began = utc_now()
        describing = Describing(
            record,
            facts,
            timeline,
            self._films,
            self._limits,
            self._analyses,
            self._bus,
            store,
            self._turns,
            lease,
            self._people,
        )
        await describing.run(motions, job)
        stores = (self._analyses, self._assets, self._library)
        finishing = Finishing(record.asset_id, job.job_id, len(motions), began, lease, *stores, self._bus)
        model = await finishing.embed(job) if store else None
        told["model"] = model.model if model else None
        told["model_version"] = model.model_version if model else None
        # Read before others may replace it: the answer holds what was found here.
        shots = await finishing.in_answer()
        await finishing.replace(told, keyframes=store, job=job)
        return shots

    async def _tell_size(self, record: AssetRecord, facts: VideoFacts, job: JobContext) -> None:
        if (record.width, record.height) != (facts.width, facts.height):
            fields = {"asset_id": record.asset_id, "width": facts.width, "height": facts.height}
            await self._bus.call(OPERATIONS["set-film-size"], fields, job)

    async def _timeline(self, decoding: Decoding, finder: ShotDetector, job: JobContext) -> Timeline:
        builder, total = TimelineBuilder(decoding.facts, finder), len(decoding.chunks)
        for done, chunk in enumerate(decoding.chunks):

            async def tell(done: int = done) -> None:
                await job.advance(done, total, "finding shots")

            found = await decoding.chunk(chunk, job)
            async with self._turns:
                await run_stoppable(lambda stop, found=found: builder.add(found, stop), tell)
        timeline = await asyncio.to_thread(builder.finish)
        if not timeline.shots:
            raise InvalidFileFormat("not one frame of the video can be decoded")
        if len(timeline.shots) > _MOST_SHOTS:
            raise FileTooLarge(
                f"the film has {len(timeline.shots)} shots, more than the {_MOST_SHOTS} that are described",
                details="Raise shot_detection_threshold, or cut the film.",
            )
        return timeline

    async def _motions(self, decoding: Decoding, timeline: Timeline, job: JobContext) -> list[ShotMotion]:
        builder, total = MotionBuilder(timeline), len(decoding.chunks)
        for done, (start, chunk) in enumerate(zip(timeline.starts, decoding.chunks, strict=True)):

            async def tell(done: int = done) -> None:
                await job.advance(done, total, "following the camera")

            found = await decoding.chunk(chunk, job)
            async with self._turns:
                await run_stoppable(lambda stop, start=start, found=found: builder.add(start, found, stop), tell)
        return await asyncio.to_thread(builder.finish)


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
