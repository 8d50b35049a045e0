"""A bound on requests in work at once, so that overload becomes a quick 503 and not a slow death."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from dino_common.errors import ServiceUnavailable
from dino_common.metrics import http_metrics

_PROBES = ("/api/v1/live", "/api/v1/ready", "/api/v1/health", "/api/v1/metrics")


class Concurrency:
    """Pure ASGI middleware; probes pass always."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        """Wrap the app; ``limit`` is the most requests in work."""
        self._app, self._limit, self._busy = app, limit, 0
        http_metrics().in_work.set(lambda: self._busy)
        http_metrics().limit.set(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, or raise ServiceUnavailable when the gateway is full."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        if self._busy >= self._limit:
            raise ServiceUnavailable(f"The gateway works on {self._limit} requests already", retry_after=1)
        self._busy += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._busy -= 1
