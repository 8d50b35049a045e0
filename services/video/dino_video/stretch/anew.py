"""Work that begins anew when what it found so far is of no use any more."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from dino_common.bus.job_context import JobContext
from dino_common.errors import ServiceUnavailable

if TYPE_CHECKING:
    from dino_video.stretch.segments import Segments

log = logging.getLogger(__name__)

_TRIES = 4
T = TypeVar("T")


class BeginAnew(Exception):
    """What was found so far cannot be gone on with; the reason is the message."""


async def begun_anew(work: Callable[[bool], Awaitable[T]], segments: Segments, job: JobContext, stage: str) -> T:
    """Do ``work(resume)``: with ``resume`` from what is kept, without it from the beginning, after ``BeginAnew``.

    Raises:
        ServiceUnavailable: it begins anew again and again; the job is tried again later.
    """
    for attempt in range(_TRIES):
        try:
            return await work(attempt == 0)
        except BeginAnew as reason:
            log.info("job %s begins anew: %s", job.job_id, reason)
            await segments.begin_anew(job, stage)
    raise ServiceUnavailable("What the film is looked at with changed again and again", retry_after=10)
