"""Telling of jobs that have ended: an event after the outcome is stored, and a mark until it is told.

The outcome and the mark are one write, the event comes after it. Whoever dies between the two leaves a marked job,
which the gateway's sweep finds; who dies after the event and before the mark is removed tells it twice, under one key.
"""

from __future__ import annotations

import logging
from typing import Any

from dino_common.bus.events import JOB_FINISHED, Events
from dino_common.errors import DinoError
from dino_common.stores.jobs import JobRecord, JobStore

log = logging.getLogger(__name__)


class JobNews:
    """Publishes ``job.finished`` for ended jobs."""

    def __init__(self, events: Events, jobs: JobStore) -> None:
        """Publish there, and keep the marks there."""
        self._events, self._jobs = events, jobs

    async def tell(self, job: JobRecord) -> bool:
        """Publish a job's end unless it has been told; False when it is left to the sweep."""
        if not job.ended or not job.untold:
            return True
        try:
            await self._events.publish(JOB_FINISHED, event_of(job), once=f"finished:{job.job_id}")
            await self._jobs.told(job.job_id)
        except DinoError as error:
            log.warning("the end of job %s is told later: %s", job.job_id, error.message)
            return False
        return True


def event_of(job: JobRecord) -> dict[str, Any]:
    """Return what is told of an ended job: everything but its request and result."""
    return {
        "job_id": job.job_id,
        "operation": job.operation,
        "status": job.status,
        "attempts": job.attempts,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "error": job.error,
        "request_id": job.request_id,
    }
