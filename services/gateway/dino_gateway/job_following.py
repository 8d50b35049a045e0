"""Following a job: told of every step over the bus, and looking at its document every two seconds all the same."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import nats.errors

from dino_common.bus.connection import Connection
from dino_common.stores.jobs import JobRecord, JobStore

_LOOK_EVERY = 2.0


class JobFollower:
    """One subscription to a job's progress."""

    def __init__(self, jobs: JobStore, job_id: str) -> None:
        """Follow this job; ``follow`` makes and ends the subscription."""
        self._jobs, self.job_id = jobs, job_id
        self._news = asyncio.Event()

    async def heard(self, _: Any) -> None:
        """Take note that something was told; the document says what."""
        self._news.set()

    async def changes(self, seconds: float) -> AsyncGenerator[JobRecord, None]:
        """Yield the job now and after every change, until it has ended or ``seconds`` are over.

        Raises:
            JobNotFound: the job has expired.
        """
        end = time.monotonic() + seconds
        while True:
            self._news.clear()
            record = await self._jobs.get(self.job_id)
            yield record
            left = end - time.monotonic()
            if record.ended or left <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, _LOOK_EVERY)):
                    await self._news.wait()


@asynccontextmanager
async def follow(connection: Connection, jobs: JobStore, job_id: str) -> AsyncIterator[JobFollower]:
    """Follow a job inside the block; without the bus only its document is looked at."""
    follower = JobFollower(jobs, job_id)
    subscription = None
    with contextlib.suppress(nats.errors.Error, OSError):
        subscription = await connection.client.subscribe(connection.subjects.job_progress(job_id), cb=follower.heard)
    try:
        yield follower
    finally:
        if subscription is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await asyncio.shield(subscription.unsubscribe())
