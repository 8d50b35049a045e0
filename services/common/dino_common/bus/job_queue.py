"""The work queue: jobs as JetStream messages, one stream a deployment, removed once acknowledged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import nats.errors
from nats.js import api
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from dino_common.bus import codec
from dino_common.bus.connection import Connection
from dino_common.bus.events import ensure_stream
from dino_common.contracts import Operation
from dino_common.errors import ServiceUnavailable


class JobQueue:
    """Puts jobs on the queue and tells workers of cancellations."""

    def __init__(self, connection: Connection) -> None:
        """Use the connection; ``start`` makes the stream."""
        self._connection = connection

    async def start(self) -> None:
        """Make sure that the stream exists."""
        await ensure_stream(
            self._connection,
            api.StreamConfig(
                name=self._connection.subjects.jobs_stream,
                subjects=[self._connection.subjects.jobs],
                retention=api.RetentionPolicy.WORK_QUEUE,
                duplicate_window=600,
            ),
        )

    async def submit(self, operation: Operation, job_id: str, headers: dict[str, str]) -> None:
        """Queue a job whose document is stored; the same id within ten minutes is queued once.

        Raises:
            ServiceUnavailable: the queue did not acknowledge.
        """
        try:
            await self._connection.jetstream().publish(
                self._connection.subjects.job(operation),
                codec.pack({"job_id": job_id}),
                headers={**headers, "Nats-Msg-Id": job_id},
                timeout=5,
            )
        except (NoStreamResponseError, APIError, nats.errors.Error, TimeoutError, OSError) as error:
            raise ServiceUnavailable("The job queue (NATS JetStream) does not answer", retry_after=2) from error

    async def held(self) -> dict[str, int]:
        """Return how many jobs are on the queue or in work, by subject; one without any is left out.

        Raises:
            ServiceUnavailable: the queue does not answer.
        """
        subjects = self._connection.subjects
        try:
            found = await self._connection.jetstream().stream_info(subjects.jobs_stream, subjects_filter=subjects.jobs)
        except NotFoundError:
            return {}
        except (NoStreamResponseError, APIError, nats.errors.Error, TimeoutError, OSError) as error:
            raise ServiceUnavailable("The job queue (NATS JetStream) does not answer", retry_after=2) from error
        return dict(found.state.subjects or {})

    async def lacks(self, operation: Operation, job_ids: Collection[str], reads: int) -> tuple[set[str], int]:
        """Return which of the jobs have no message on the queue, and how many messages were read to know it.

        Oldest messages first, until each job is found. Where so many reads do not reach the last message, nobody knows
        of the jobs that were not found, and none is named.

        Raises:
            ServiceUnavailable: the queue does not answer.
        """
        js, names = self._connection.jetstream(), self._connection.subjects
        missing, after = set(job_ids), 0
        for read in range(reads):
            if not missing:
                return missing, read
            try:
                message = await js.get_msg(names.jobs_stream, seq=after + 1, subject=names.job(operation), next=True)
            except NotFoundError:
                return missing, read + 1
            except (NoStreamResponseError, APIError, nats.errors.Error, TimeoutError, OSError) as error:
                raise ServiceUnavailable("The job queue (NATS JetStream) does not answer", retry_after=2) from error
            after = message.seq or after + 1
            missing.discard(codec.unpack(message.data or b"")["job_id"])
        return set(), reads

    async def tell_cancelled(self, job_id: str) -> None:
        """Tell whoever works on the job; a worker that misses it finds the mark at its next progress."""
        await self._tell(self._connection.subjects.job_cancel, {"job_id": job_id})

    async def tell_progress(self, job_id: str, job: dict[str, Any]) -> None:
        """Tell whoever follows the job how it stands."""
        await self._tell(self._connection.subjects.job_progress(job_id), job)

    async def _tell(self, subject: str, value: dict[str, Any]) -> None:
        try:
            await self._connection.client.publish(subject, codec.pack(value))
        except (nats.errors.Error, OSError):
            return  # a hint only: the document is what counts
