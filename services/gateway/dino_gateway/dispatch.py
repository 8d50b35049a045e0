"""The road of every request: who asks, how often, what exactly; then to a local handler, a job or the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from dino_common.contracts import Body, Operation, Scope, Service, check_handlers, owned_by
from dino_common.errors import DeadlineExceeded, Unauthorized
from dino_gateway.answers import binary_answer, drawn_answer, json_answer, wants_drawing
from dino_gateway.auth import require_field_scopes, require_scope
from dino_gateway.backends import Backends
from dino_gateway.call import Call, call_of
from dino_gateway.idempotency import fingerprint, read_key
from dino_gateway.job_submission import JobSubmission, read_wait
from dino_gateway.reading import read_query, read_request

LocalHandler = Callable[[Call, Any, Request], Awaitable[Response | BaseModel]]


class Dispatcher:
    """Answers every operation; the only one that knows all the steps.

    Args:
        backends: open parts.
        local: handlers of the operations that the gateway owns, by name.
        jobs: submits the operations that are jobs.
    """

    def __init__(self, backends: Backends, local: Mapping[str, LocalHandler], jobs: JobSubmission) -> None:
        """Check that every operation of the gateway has its handler (ContractError otherwise)."""
        check_handlers(Service.GATEWAY, local, [op for op in owned_by(Service.GATEWAY) if op.is_public])
        self._backends, self._local, self._jobs = backends, dict(local), jobs

    async def answer(self, operation: Operation, request: Request) -> Response:
        """Answer one request of an operation.

        Raises:
            DinoError: becomes the error envelope.
        """
        call = call_of(request.scope)
        await self._admit(call, operation, request)
        query = read_query(request)
        if operation.job:
            return await self._as_job(call, operation, request, query)
        handler = self._local.get(operation.name)
        if operation.takes is Body.MULTIPART:
            assert handler is not None
            await read_request(operation, request, query, 0)
            return self._shown(operation, await handler(call, None, request))
        fields = await read_request(operation, request, query, self._backends.settings.max_batch_size)
        require_field_scopes(call.principal, operation, fields)

        async def work() -> Response:
            if handler is None:
                return await self._forward(call, operation, fields, request)
            try:
                async with asyncio.timeout(operation.timeout_s):
                    return self._shown(operation, await handler(call, fields, request))
            except TimeoutError:
                raise DeadlineExceeded(f"{operation.name} did not finish within its deadline") from None

        if not operation.idempotency:
            return await work()
        key = read_key(request.headers)
        mark = fingerprint(operation, fields.model_dump(mode="json"))
        return await self._backends.idempotency.run(call, operation, key, mark, work)

    async def _admit(self, call: Call, operation: Operation, request: Request) -> None:
        limits = self._backends.limits
        by_address = f"ip:{call.client_ip}"
        if operation.scope is Scope.PUBLIC:
            await limits.count(operation.rate, by_address, call.headers)
            return
        try:
            call.principal = await self._backends.auth.identify(request.headers, call.client_ip)
        except Unauthorized:
            # Guessing costs a guesser's own allowance.
            await limits.count(operation.rate, by_address, call.headers)
            raise
        await limits.count(operation.rate, call.principal.name, call.headers)
        require_scope(call.principal, operation)

    async def _as_job(self, call: Call, operation: Operation, request: Request, query: dict[str, str]) -> Response:
        wait = read_wait(query)
        fields = await read_request(operation, request, query, self._backends.settings.max_batch_size)
        require_field_scopes(call.principal, operation, fields)
        drawn = wants_drawing(operation, request.headers.get("accept"))
        return await self._jobs.answer(call, operation, fields, read_key(request.headers), wait, drawn=drawn)

    async def _forward(self, call: Call, operation: Operation, fields: BaseModel, request: Request) -> Response:
        value = await self._backends.bus.call(operation, fields, call.context(operation))
        if operation.gives is Body.BINARY:
            return binary_answer(value, request.headers.get("if-none-match"))
        if wants_drawing(operation, request.headers.get("accept")):
            drawn = drawn_answer(operation, value, operation.status)
            if drawn is not None:
                return drawn
        return json_answer(value, operation.status)

    @staticmethod
    def _shown(operation: Operation, value: Response | BaseModel) -> Response:
        return value if isinstance(value, Response) else json_answer(value, operation.status)
