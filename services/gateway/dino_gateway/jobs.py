"""Handlers of the jobs group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from dino_common.contracts.jobs import JobRequest, ListJobsRequest
from dino_gateway.answers import json_answer, to_json
from dino_gateway.backends import Backends
from dino_gateway.call import Call
from dino_gateway.job_following import JobFollower, follow
from dino_gateway.job_view import job_fields

_LONGEST_STREAM = 3600.0
_PING_SECONDS = 15


class JobHandlers:
    """Lists, shows, cancels and streams jobs."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._backends = backends

    async def list(self, call: Call, fields: ListJobsRequest, request: Request) -> Response:
        """Answer ``GET /jobs``."""
        records, cursor = await self._backends.jobs.list(fields.limit, fields.cursor, fields.status, fields.operation)
        items = [job_fields(record, with_result=False) for record in records]
        return json_answer({"items": items, "next_cursor": cursor})

    async def get(self, call: Call, fields: JobRequest, request: Request) -> Response:
        """Answer ``GET /jobs/{job_id}``."""
        return json_answer(job_fields(await self._backends.jobs.get(fields.job_id)))

    async def cancel(self, call: Call, fields: JobRequest, request: Request) -> Response:
        """Answer ``DELETE /jobs/{job_id}``."""
        record = await self._backends.jobs.request_cancel(fields.job_id)
        if record.cancel_requested:
            await self._backends.queue.tell_cancelled(fields.job_id)
            await self._backends.webhooks.news.tell(record)
        return json_answer(job_fields(record))

    async def events(self, call: Call, fields: JobRequest, request: Request) -> Response:
        """Answer ``GET /jobs/{job_id}/events``: progress as it comes, then one ``done``."""
        await self._backends.jobs.get(fields.job_id)
        return EventSourceResponse(
            self._events(fields.job_id),
            ping=_PING_SECONDS,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(self, job_id: str) -> AsyncIterator[ServerSentEvent]:
        async with follow(self._backends.connection, self._backends.jobs, job_id) as follower:
            last = b""
            async for event in self._until_stopped(follower):
                if event.data != last:
                    last = event.data
                    yield event

    async def _until_stopped(self, follower: JobFollower) -> AsyncIterator[ServerSentEvent]:
        """End also when the gateway stops: clients connect again elsewhere."""
        stopping = asyncio.ensure_future(self._backends.draining.wait())
        changes = follower.changes(_LONGEST_STREAM)
        step: asyncio.Future | None = None
        try:
            while True:
                step = asyncio.ensure_future(anext(changes, None))
                await asyncio.wait((step, stopping), return_when=asyncio.FIRST_COMPLETED)
                record = step.result() if step.done() else None
                if record is None:
                    return
                name = "done" if record.ended else "progress"
                yield ServerSentEvent(data=to_json(job_fields(record)).decode(), event=name)
        finally:
            stopping.cancel()
            if step is not None and not step.done():
                step.cancel()
                await asyncio.gather(step, return_exceptions=True)
            await changes.aclose()
