"""The frame every bus service runs in: connect, serve, answer probes, drain on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from dino_common.admin import AdminServer
from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.events import Events
from dino_common.bus.job_context import JobHandler
from dino_common.bus.job_worker import JobWorker
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.metrics_fanin import MetricsResponder
from dino_common.bus.service import BusService, Handler
from dino_common.bus.tasks import end
from dino_common.contracts import Service
from dino_common.errors import DinoError
from dino_common.logs import configure_logs
from dino_common.settings import Settings
from dino_common.stores.jobs import JobStore
from dino_common.telemetry import Telemetry

log = logging.getLogger(__name__)

# How long each part may take to close: what it still does then, nobody waits for.
CLOSE_SECONDS = 5.0


class Runtime:
    """A service's connection to the platform. Build it, add to it in a setup function, then ``run``."""

    def __init__(self, settings: Settings, service: Service) -> None:
        """Prepare; nothing is opened yet."""
        self.settings, self.service = settings, service
        self.connection = Connection(settings, service.value)
        self.config = LiveConfig(self.connection)
        self.bus = BusClient(self.connection, serving=lambda: self.config.serving_key)
        self.events = Events(self.connection)
        self.handlers: dict[str, Handler] = {}
        self.job_handlers: dict[str, JobHandler] = {}
        self.job_store: JobStore | None = None
        self.jobs_at_once = 2
        self.readiness: Callable[[], Awaitable[list[str]]] | None = None
        self.after_start: list[Callable[[], Awaitable[Any]]] = []
        self.before_stop: list[Callable[[], Awaitable[Any]]] = []
        self.closers: list[Callable[[], Awaitable[Any]]] = []
        self._takes_jobs = True
        self._serving = False
        self._answering: BusService | None = None
        self._worker: JobWorker | None = None

    async def not_ready(self) -> list[str]:
        """Return why this process should get no traffic; empty when it should."""
        reasons = []
        if not self._serving:
            reasons.append("starting or stopping")
        if not self.connection.connected:
            reasons.append("NATS is not connected")
        if self.readiness is not None:
            reasons += await self.readiness()
        return reasons

    async def take_jobs(self, wanted: bool) -> None:
        """Begin or cease to take jobs off the queue; those under way are handed to other processes."""
        self._takes_jobs = wanted
        if self._worker is not None:
            await (self._worker.start() if wanted else self._worker.drain())

    async def serve(self, setup: Callable[[Runtime], Awaitable[None]], stop: asyncio.Event) -> None:
        """Open everything, run until ``stop`` is set, also during the start, and drain so that nothing is lost."""
        admin = AdminServer(self.settings.admin_host, self.settings.admin_port, self.not_ready)
        await admin.start()
        starting, stopping = asyncio.create_task(self._start(setup)), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
                self._serving = True
                log.info("%s serves %s", self.service.value, self.connection.subjects.prefix)
                await stopping
        finally:
            self._serving = False
            log.info("%s stops", self.service.value)
            await end((starting, stopping))
            await self._stop()
            await admin.stop()

    async def _start(self, setup: Callable[[Runtime], Awaitable[None]]) -> None:
        await self.connection.open()
        await self.bus.start()
        await self.config.start()
        await self.events.start()
        await setup(self)
        key = self.settings.model_key or None if self.service is Service.INFERENCE else None
        self._answering = BusService(self.connection, self.service, self.handlers, key=key)
        worker = None
        if self.job_store is not None:
            worker = JobWorker(self.connection, self.service, self.job_store, self.job_handlers, self.jobs_at_once)
        await self._answering.start()
        await MetricsResponder(self.connection, self.service).start()
        self._worker = worker
        if worker is not None and self._takes_jobs:
            await worker.start()
        for begin in self.after_start:
            await begin()

    async def _stop(self) -> None:
        await self._close(self.before_stop)
        if self._worker is not None:
            await self._worker.drain()
        await self.events.stop()
        if self._answering is not None:
            await self._answering.drain(self.settings.drain_seconds)
        await self._close(self.closers)
        await self.config.stop()
        await self.bus.stop()
        await self.connection.close()

    @staticmethod
    async def _close(parts: list[Callable[[], Awaitable[Any]]]) -> None:
        for close in reversed(parts):
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await close()
            except Exception as error:
                log.warning("a part did not close: %r", error)


def run(settings: Settings, service: Service, setup: Callable[[Runtime], Awaitable[None]]) -> int:
    """Run a service process until SIGTERM or SIGINT; return its exit status.

    Args:
        settings: of this process.
        service: who it is.
        setup: registers handlers, stores and consumers on the Runtime once the bus is connected.
    """
    configure_logs(settings, service.value)
    telemetry = Telemetry(settings, service.value)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await Runtime(settings, service).serve(setup, stop)

    try:
        uvloop.run(main())
    except DinoError as error:
        log.error("%s. %s", error.message, error.details)
        return 1
    finally:
        telemetry.shutdown()
    return 0
