"""Work that begins anew when the model changes in its middle."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dino_common.bus.job_context import JobContext
from dino_common.errors import ServiceUnavailable
from dino_video.stretch.look import ModelChanged
from dino_video.stretch.segments import Segments

log = logging.getLogger(__name__)

_TRIES = 3
T = TypeVar("T")


async def through_model_changes(
    work: Callable[[bool], Awaitable[T]], segments: Segments, job: JobContext, stage: str
) -> T:
    """Do ``work(resume)``: with ``resume`` from what is kept, without it from the beginning, after a model change.

    Raises:
        ServiceUnavailable: the model keeps changing; the job is tried again later.
    """
    for attempt in range(_TRIES):
        try:
            return await work(attempt == 0)
        except ModelChanged as change:
            log.info("job %s begins anew: model %s", job.job_id, change)
            await segments.begin_anew(job, stage)
    raise ServiceUnavailable("The model changed again and again while the film was looked at", retry_after=10)
