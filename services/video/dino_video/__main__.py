"""The video service as a process."""

from __future__ import annotations

import asyncio
import sys

from dino_common import __version__
from dino_common.bus.context import Context
from dino_common.bus.tasks import end
from dino_common.contracts import Service
from dino_common.contracts.internal import ServiceStatus, StatusRequest
from dino_common.runtime import Runtime, run
from dino_common.settings import load_settings
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.assets import AssetStore
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.jobs import JobStore
from dino_common.stores.mongo import Mongo, ensure_indexes
from dino_common.stores.objects import Objects
from dino_common.stores.shots import ShotStore
from dino_video.analysis.retiring import Retiring
from dino_video.analysis.upkeep import Upkeep
from dino_video.films_following import FilmsFollowing
from dino_video.handlers.analysis_pages import AnalysisPages
from dino_video.handlers.analyze import AnalyzeHandler, limits_of
from dino_video.handlers.contact_sheet import ContactSheetHandler
from dino_video.handlers.library import LibraryHandlers
from dino_video.handlers.score import ScoreHandler
from dino_video.handlers.track import TrackHandler
from dino_video.library.texts import Texts

# Films under way in one process; they take turns, so that a short one does not wait for a long one to end.
_FILMS_AT_ONCE = 8


async def setup(runtime: Runtime) -> None:
    """Open the stores and register every handler."""
    settings = runtime.settings
    mongo = await Mongo.connect(settings)
    await ensure_indexes(mongo)
    objects = Objects(settings)
    assets, shots, analyses = AssetStore(mongo), ShotStore(mongo), AnalysisStore(mongo)
    locks = ContentLock(mongo)
    library = LibraryHandlers(assets, shots, Texts(runtime.bus))
    following = FilmsFollowing(assets, shots, analyses, objects, runtime.bus, limits_of(settings))

    async def status(context: Context, request: StatusRequest) -> ServiceStatus:
        reasons = await runtime.not_ready()
        return ServiceStatus(
            service="video", instance=settings.instance, version=__version__, ready=not reasons, reasons=reasons
        )

    async def readiness() -> list[str]:
        return [] if await mongo.ping() else ["MongoDB does not answer"]

    jobs, tending = JobStore(mongo), set[asyncio.Task[None]]()
    upkeep = Upkeep(analyses, jobs, locks, Retiring(analyses, assets, shots, runtime.bus))

    async def follow() -> None:
        following.start(runtime.events)
        tending.add(asyncio.create_task(upkeep.run()))

    async def rest() -> None:
        await end(tending)

    runtime.handlers = {
        "video-status": status,
        "store-shot-data": library.store,
        "list-shots": library.list,
        "video-contact-sheet": ContactSheetHandler(assets, objects, analyses).draw,
        "get-video-analysis": AnalysisPages(assets, analyses).page,
        "list-video-shots": library.of_film,
        "suggest-shots": library.suggest,
    }
    runtime.job_store = jobs
    runtime.jobs_at_once = _FILMS_AT_ONCE
    runtime.job_handlers = {
        "analyze-video-shots": AnalyzeHandler(settings, assets, objects, runtime.bus, analyses, shots, locks).analyze,
        "score-video": ScoreHandler(settings, assets, objects, runtime.bus).score,
        "track-objects": TrackHandler(settings, assets, objects, runtime.bus).track,
    }
    runtime.readiness = readiness
    runtime.after_start.append(follow)
    runtime.before_stop.append(rest)
    runtime.closers += [mongo.close, objects.close]


def main() -> None:
    """Run until SIGTERM."""
    sys.exit(run(load_settings(), Service.VIDEO, setup))


if __name__ == "__main__":
    main()
