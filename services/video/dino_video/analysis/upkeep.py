"""What repairs itself: analyses that a crash left half made known, and what cancelled or failed ones left behind."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.errors import Conflict, DinoError
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.content_lock import ContentLock, Lease
from dino_common.stores.jobs import JobStore
from dino_common.stores.mongo import utc_now
from dino_video.analysis.retiring import Retiring
from dino_video.analysis.turn import turn_of

log = logging.getLogger(__name__)

_EVERY_SECONDS = 600.0
_PATIENCE_SECONDS = 60.0
_LOOKED_UP = 500
_ANALYSIS = OPERATIONS["analyze-video-shots"]


@dataclass(frozen=True)
class Upkeep:
    """Looks now and then; several processes may do so at once, each film in its turn."""

    analyses: AnalysisStore
    jobs: JobStore
    locks: ContentLock
    retiring: Retiring

    async def run(self) -> None:
        """Look now and every ten minutes, for ever; once, for films that were deleted while nobody was told."""
        first = True
        while True:
            try:
                if first:
                    await self.forget_deleted()
                    first = False
                await self.look()
            except DinoError as error:
                log.info("analyses are looked after later: %s", error.message)
            except Exception:
                log.exception("looking after analyses failed")
            await asyncio.sleep(_EVERY_SECONDS)

    async def forget_deleted(self) -> None:
        """Remove analyses and shots of films that are no more: events of deletions are kept for a day alone."""
        stores = (self.analyses, self.retiring.library)
        films = list({film for store in stores for film in await store.films()})
        for start in range(0, len(films), _LOOKED_UP):
            some = films[start : start + _LOOKED_UP]
            living = await self.retiring.assets.get_many(some)
            for film in some:
                if film not in living:
                    for store in stores:
                        await store.delete_of(film)
                    log.info("removed what was known of film %s, which is no more", film)

    async def look(self) -> None:
        """Settle what a crash left unsettled; remove shots and keyframes of analyses whose job has ended without them.

        A film that is being analysed, or that is to be, is left for the next time.
        """
        for film in await self.analyses.unsettled():
            await self._in_turn(film, lambda lease, film=film: self.analyses.settle(film))
        runs = await self.analyses.unfinished_runs()
        alive = await self.jobs.unended([analysis_id for _, analysis_id in runs])
        for film, analysis_id in runs:
            if analysis_id not in alive:
                await self._in_turn(film, lambda lease, film=film, run=analysis_id: self._remove(film, run, lease))

    async def _in_turn(self, film: str, work: Callable[[Lease], Awaitable[None]]) -> None:
        try:
            async with self.locks.hold(turn_of(film), patience=0.0) as lease:
                if await self._is_asked_for(film):
                    log.debug("an analysis of film %s is under way", film)
                    return
                await work(lease)
        except Conflict:
            log.debug("film %s is being analysed", film)
        except DinoError as error:
            # What is left of it is named still; other films need not wait for it.
            log.warning("film %s is looked after later: %s", film, error.message)

    async def _is_asked_for(self, film: str) -> bool:
        # Workers of versions that know no turns are seen by their jobs alone.
        jobs = await self.jobs.under_way(_ANALYSIS.service.value)
        return any(job.operation == _ANALYSIS.name and job.request.get("video_asset_id") == film for job in jobs)

    async def _remove(self, film: str, analysis_id: str, lease: Lease) -> None:
        # It may have become the newest meanwhile, and then its shots stay.
        await self.analyses.settle(film)
        # First the keyframes: by its shots alone is it found again, where this breaks off.
        count = await self.retiring.run(film, utc_now(), lease, _context, without=analysis_id)
        await self.analyses.drop(film, analysis_id)
        log.info("removed what analysis %s of film %s left behind: %d keyframes", analysis_id, film, count)


def _context() -> Context:
    return Context("upkeep", time.time() + _PATIENCE_SECONDS, "video", "upkeep")
