"""Jobs whose message the queue has lost, or never had, are put on it again.

A gateway that dies between storing a job and queueing it, and a queue that loses its files, leave documents of jobs
that nobody would ever run. While a job is queued or in work its message is on the queue, until it is acknowledged
after the job's end: a job that has not ended and has no message there has lost it. The messages of an operation that
has some are read, as few as tell of the jobs that have waited for long.
"""

from __future__ import annotations

import asyncio
import logging

from dino_common.bus import subjects
from dino_common.bus.job_queue import JobQueue
from dino_common.bus.subjects import Subjects
from dino_common.contracts import OPERATIONS
from dino_common.errors import DinoError
from dino_common.stores.jobs import JobRecord, JobStore
from dino_gateway.backends import Backends

log = logging.getLogger(__name__)

_EVERY_SECONDS = 30.0
# A job is queued within moments of being stored.
_LOST_AFTER_SECONDS = 60.0
# A millisecond or so each. Of a longer queue the lost jobs are found once it is shorter.
_MOST_READS = 5000


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
    waiting: dict[str, dict[str, JobRecord]] = {}
    for job in await jobs.waiting_since(seconds):
        waiting.setdefault(job.operation, {})[job.job_id] = job
    requeued: list[str] = []
    reads = _MOST_READS
    for name, overdue in waiting.items():
        operation = OPERATIONS.get(name)
        if operation is None:
            continue
        lost = set(overdue)
        if held.get(names.job(operation)):
            lost, read = await queue.lacks(operation, overdue, reads)
            reads -= read
            # One that has ended meanwhile took its message along.
            lost = await jobs.unended(list(lost)) if lost else lost
        for job_id in overdue:
            if job_id in lost:
                await queue.submit(operation, job_id, {subjects.REQUEST_ID: overdue[job_id].request_id})
                requeued.append(job_id)
    if requeued:
        log.warning("%d jobs were not on the queue any more and are put there again", len(requeued))
    return requeued
