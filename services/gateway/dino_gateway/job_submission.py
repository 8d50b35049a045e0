"""Operations that run as jobs: stored, queued, waited for a while, then left to be followed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from opentelemetry import propagate
from pydantic import BaseModel
from starlette.responses import Response

from dino_common.bus import subjects
from dino_common.bus.connection import Connection
from dino_common.bus.job_news import JobNews
from dino_common.bus.job_queue import JobQueue
from dino_common.contracts import Operation
from dino_common.contracts.jobs import JobAccepted
from dino_common.errors import Conflict, InvalidRequest, ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.stores.mongo import utc_now
from dino_gateway.answers import drawn_answer, json_answer
from dino_gateway.call import Call
from dino_gateway.idempotency import REPLAYED
from dino_gateway.job_following import follow
from dino_gateway.job_view import events_url, job_error, status_url

DEFAULT_WAIT, LONGEST_WAIT = 30.0, 300.0
_LOOK_AGAIN_SECONDS = 2
# Names of jobs made from Idempotency-Keys live in a space of their own.
_SPACE = uuid.UUID("6d1f3c52-8f0e-4c8e-9e0c-5a9b1c0f7d21")


def read_wait(query: dict[str, str]) -> float:
    """Take ``wait`` out of the query: seconds that the client waits for the result, 0 to 300.

    Raises:
        InvalidRequest: not such a number.
    """
    text = query.pop("wait", None)
    if text is None:
        return DEFAULT_WAIT
    try:
        wait = float(text)
    except ValueError:
        wait = -1.0
    if not 0 <= wait <= LONGEST_WAIT:
        raise InvalidRequest(f"wait: must be a number of seconds from 0 to {LONGEST_WAIT:.0f}")
    return wait


class JobSubmission:
    """Submits jobs of every service."""

    def __init__(
        self, settings: Settings, connection: Connection, queue: JobQueue, jobs: JobStore, news: JobNews
    ) -> None:
        """Use these parts."""
        self._settings, self._connection, self._queue, self._jobs = settings, connection, queue, jobs
        self._news = news

    async def answer(
        self,
        call: Call,
        operation: Operation,
        fields: BaseModel,
        key: str | None,
        wait: float,
        *,
        drawn: bool = False,
    ) -> Response:
        """Start the job, or find the one that the Idempotency-Key started, and wait for its end.

        Args:
            call: who asks.
            operation: what the job does.
            fields: its validated request.
            key: Idempotency-Key; the same caller, operation and key name the same job.
            wait: seconds to wait for the result before answering 202.
            drawn: answer with the result's drawing alone, where it has one.

        Raises:
            DinoError: the error of a job that failed within the wait.
            Conflict: the key started a job with another request.
        """
        request = fields.model_dump(mode="json")
        job_id = str(uuid.uuid4() if key is None else _named(call.principal.name, operation.name, key))
        async with follow(self._connection, self._jobs, job_id) as follower:
            record, created = await self._jobs.create(self._record(call, operation, job_id, request))
            if not created and record.request != request:
                raise Conflict(
                    "This Idempotency-Key was used with another request",
                    details="Use a new key for every different request.",
                )
            if created or record.status == "queued":
                await self._submit(call, operation, record, keyed=key is not None)
            headers = {} if created else dict(REPLAYED)
            async for record in follower.changes(wait):
                if record.ended:
                    break
        if not record.ended:
            return _accepted(record, headers)
        if error := job_error(record):
            call.headers |= headers
            raise error
        headers["X-Job-ID"] = job_id
        picture = drawn_answer(operation, record.result, operation.status, headers) if drawn else None
        return picture or json_answer(record.result, operation.status, headers)

    async def _submit(self, call: Call, operation: Operation, record: JobRecord, keyed: bool) -> None:
        headers: dict[str, str] = {
            subjects.REQUEST_ID: call.request_id,
            subjects.PRINCIPAL: call.principal.name,
        }
        propagate.inject(headers)
        try:
            await self._queue.submit(operation, record.job_id, headers)
        except ServiceUnavailable as error:
            if not keyed:
                # Nobody would ever run it, so it must not look as if it were waiting. With a key, the client's
                # next try puts the same job on the queue.
                await self._news.tell(await self._jobs.fail(record.job_id, error))
            raise

    def _record(self, call: Call, operation: Operation, job_id: str, request: Mapping[str, Any]) -> JobRecord:
        return JobRecord(
            job_id=job_id,
            operation=operation.name,
            service=operation.service.value,
            request=dict(request),
            expires_at=utc_now() + timedelta(seconds=self._settings.job_ttl),
            request_id=call.request_id,
        )


def _named(principal: str, operation: str, key: str) -> uuid.UUID:
    return uuid.uuid5(_SPACE, orjson.dumps([principal, operation, key]).decode())


def _accepted(record: JobRecord, headers: dict[str, str]) -> Response:
    body = JobAccepted(
        job_id=record.job_id,
        status=record.status,
        status_url=status_url(record.job_id),
        events_url=events_url(record.job_id),
    )
    location = {"Location": body.status_url, "Retry-After": str(_LOOK_AGAIN_SECONDS), **headers}
    return json_answer(body, 202, location)
