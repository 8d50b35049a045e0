"""The application: routes of the contracts behind the middlewares, and what is opened while it runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dino_common import __version__
from dino_common.bus.service import BusService
from dino_common.bus.tasks import end
from dino_common.contracts import Operation, Service
from dino_common.settings import Settings
from dino_gateway.answers import error_answer
from dino_gateway.backends import Backends, open_backends
from dino_gateway.call import call_of
from dino_gateway.concurrency import Concurrency
from dino_gateway.dispatch import Dispatcher
from dino_gateway.docs_pages import docs_routes
from dino_gateway.job_submission import JobSubmission
from dino_gateway.local_handlers import bus_handlers, local_handlers
from dino_gateway.lost_jobs import requeue_lost_jobs
from dino_gateway.observe import Errors, Observe, allowed_methods, as_dino_error
from dino_gateway.openapi import build_openapi
from dino_gateway.routes import build_routes
from dino_gateway.scratch_sweep import sweep_scratch
from dino_gateway.security_headers import SecurityHeaders
from dino_gateway.stats import Stats
from dino_gateway.upload_sweep import sweep_uploads
from dino_gateway.watch import watch_deployment

log = logging.getLogger(__name__)

_SHOWN_HEADERS = [
    "X-Request-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "Idempotent-Replayed",
    "Location",
    "ETag",
    "Content-Range",
]


class Gateway:
    """The application of one process.

    Attributes:
        app: the ASGI application; its lifespan opens and closes the parts.
        backends: the open parts while it runs.
    """

    def __init__(self, settings: Settings) -> None:
        """Build the application; nothing is opened yet."""
        self.settings = settings
        self.backends: Backends | None = None
        self._stats = Stats()
        self._dispatcher: Dispatcher | None = None
        self.app = self._build()

    def drain(self) -> None:
        """Say that the process stops: readiness turns false and event streams end."""
        if self.backends is not None:
            self.backends.draining.set()

    def _build(self) -> FastAPI:
        app = FastAPI(
            title="dinov3-platform",
            version=__version__,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            # One span a request: ``Observe`` makes it for unmatched paths too, and logs and counts with it.
            telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
            lifespan=self._lifespan,
            middleware=self._middleware(),
            exception_handlers={HTTPException: _http_exception},
            routes=[*build_routes(self._answer), *docs_routes()],
        )
        app.openapi = build_openapi  # type: ignore[method-assign]
        return app

    def _middleware(self) -> list[Middleware]:
        settings = self.settings
        proxies = [host.strip() for host in settings.trusted_proxies.split(",") if host.strip()]
        layers = [
            Middleware(ProxyHeadersMiddleware, trusted_hosts=proxies),
            Middleware(Observe, stats=self._stats),
            Middleware(SecurityHeaders),
        ]
        if origins := [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]:
            layers.append(
                Middleware(
                    CORSMiddleware,
                    allow_origins=origins,
                    allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                    allow_headers=["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "X-Request-ID"],
                    expose_headers=_SHOWN_HEADERS,
                    max_age=600,
                )
            )
        return [*layers, Middleware(Errors), Middleware(Concurrency, limit=settings.max_concurrency)]

    async def _answer(self, operation: Operation, request: Request) -> Response:
        assert self._dispatcher is not None, "the application has not started"
        return await self._dispatcher.answer(operation, request)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with open_backends(self.settings, self._stats) as backends:
            news = backends.webhooks.news
            jobs = JobSubmission(self.settings, backends.connection, backends.queue, backends.jobs, news)
            self._dispatcher = Dispatcher(backends, local_handlers(backends), jobs)
            self.backends = backends
            bus = BusService(backends.connection, Service.GATEWAY, bus_handlers(backends))
            await bus.start()
            backends.webhooks.start()
            works = (sweep_uploads, sweep_scratch, requeue_lost_jobs, watch_deployment)
            background = [asyncio.create_task(work(backends)) for work in works]
            log.info("gateway serves %s on port %d", self.settings.prefix, self.settings.api_port)
            try:
                yield {}
            finally:
                log.info("gateway stops")
                await bus.drain(self.settings.drain_seconds)
                await backends.webhooks.stop(min(self.settings.webhook_timeout, self.settings.drain_seconds))
                await end(background)


async def _http_exception(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: unknown paths and methods."""
    call = call_of(request.scope)
    return error_answer(as_dino_error(error, call.operation), call, allowed_methods(error))


def create_app(settings: Settings) -> FastAPI:
    """Return the ASGI application for these settings."""
    return Gateway(settings).app
