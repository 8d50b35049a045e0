"""Every request from the outside: its id, span, metrics, access-log line, and the envelope of whatever went wrong."""

from __future__ import annotations

import logging

from opentelemetry import propagate, trace
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dino_common.contracts import Operation
from dino_common.errors import DinoError, InvalidRequest, MethodNotAllowed, NotFound, ProcessingFailed
from dino_common.metrics import http_metrics
from dino_gateway.access_log import log_access
from dino_gateway.answers import error_answer
from dino_gateway.call import Call, begin_call, call_of
from dino_gateway.stats import Stats

log = logging.getLogger(__name__)
tracer = trace.get_tracer("dino.http")
UNMATCHED = "unmatched"


class Observe:
    """Outermost of our middlewares."""

    def __init__(self, app: ASGIApp, stats: Stats) -> None:
        """Wrap the app."""
        self._app, self._stats = app, stats
        self._metrics = http_metrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = begin_call(scope)
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        status, size = 500, 0

        async def send_watched(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), *_headers(call)]}
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        method = scope["method"] if scope["method"].isalpha() and len(scope["method"]) < 16 else "OTHER"
        with tracer.start_as_current_span(
            method,
            context=propagate.extract(carrier),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": method, "dino.request_id": call.request_id},
        ) as span:
            try:
                await self._app(scope, receive, send_watched)
            finally:
                seconds = call.seconds()
                name = call.operation.name if call.operation else UNMATCHED
                route = call.route or UNMATCHED
                span.update_name(f"{method} {route}")
                span.set_attributes({"http.route": route, "http.response.status_code": status, "dino.operation": name})
                if status >= 500:
                    span.set_status(trace.StatusCode.ERROR, call.error)
                self._metrics.handled(name, status, seconds, call.error)
                self._stats.handled(name, status, seconds)
                log_access(call, method, status, size, seconds)


def _headers(call: Call) -> list[tuple[bytes, bytes]]:
    found = [(b"x-request-id", call.request_id.encode())]
    found += [(name.lower().encode(), value.encode("latin-1")) for name, value in call.headers.items()]
    return found


class Errors:
    """Innermost of our middlewares: turns whatever was raised into the error envelope."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app; an error before the answer's head is answered, one after it ends the connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        call = call_of(scope)
        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            known = as_dino_error(error, call.operation)
            if not isinstance(error, DinoError | HTTPException):
                log.exception("a request failed", extra={"request_id": call.request_id})
            if started:
                call.error = known.code.value
                raise
            await error_answer(known, call, allowed_methods(error))(scope, receive, send)


def allowed_methods(error: Exception) -> dict[str, str]:
    """Return the ``Allow`` header that a 405 of the router carries."""
    return dict(error.headers or {}) if isinstance(error, HTTPException) and error.status_code == 405 else {}


def as_dino_error(error: Exception, operation: Operation | None) -> DinoError:
    """Return the typed error for anything that was raised; unknown faults say nothing of their inside."""
    if isinstance(error, DinoError):
        return error
    if isinstance(error, HTTPException):
        if error.status_code == 405:
            return MethodNotAllowed("This path does not take that method")
        if error.status_code == 404:
            return NotFound("No such path")
        return InvalidRequest(str(error.detail))
    return ProcessingFailed(f"{operation.name if operation else 'The request'} failed inside the gateway")
