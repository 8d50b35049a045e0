"""Jobs whose message the queue has lost, or never had, are put on it again.

A gateway that dies between storing a job and queueing it, and a queue that loses its files, leave documents of jobs
that nobody would ever run. While a job is queued or in work its message is on the queue, until it is acknowledged
after the job's end: where an operation has no message at all, each of its jobs that has not ended has lost its own.
"""

from __future__ import annotations

import asyncio
import logging

from dino_common.bus import subjects
from dino_common.bus.job_queue import JobQueue
from dino_common.bus.subjects import Subjects
from dino_common.contracts import OPERATIONS
from dino_common.errors import DinoError
from dino_common.stores.jobs import JobStore
from dino_gateway.backends import Backends

log = logging.getLogger(__name__)

_EVERY_SECONDS = 30.0
# A job is queued within moments of being stored.
_LOST_AFTER_SECONDS = 60.0


async def requeue_lost_jobs(backends: Backends) -> None:
    """Look now and every half minute, for ever; several gateways may do so at once."""
    while True:
        try:
            await requeue_once(backends.connection.subjects, backends.queue, backends.jobs)
        except DinoError as error:
            log.info("lost jobs are looked for later: %s", error.message)
        except Exception:
            log.exception("looking for lost jobs failed")
        await asyncio.sleep(_EVERY_SECONDS)


async def requeue_once(
    names: Subjects, queue: JobQueue, jobs: JobStore, seconds: float = _LOST_AFTER_SECONDS
) -> list[str]:
    """Queue the jobs again that are older than so many seconds and whose message is lost; return their ids.

    Raises:
        ServiceUnavailable: the queue or the document store does not answer.
    """
    # The queue first: a job that has not ended after that had its message on it, or has lost it.
    held = await queue.held()
    requeued: list[str] = []
    for job in await jobs.waiting_since(seconds):
        operation = OPERATIONS.get(job.operation)
        if operation is None or held.get(names.job(operation)):
            continue
        await queue.submit(operation, job.job_id, {subjects.REQUEST_ID: job.request_id})
        requeued.append(job.job_id)
    if requeued:
        log.warning("%d jobs were not on the queue any more and are put there again", len(requeued))
    return requeued
