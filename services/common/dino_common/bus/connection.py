"""One NATS connection of a process: reconnects for ever with bounded back-off and says when it does."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from dino_common.bus.subjects import Subjects
from dino_common.errors import ServiceUnavailable
from dino_common.settings import Settings

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 2.0


def _host(url: str) -> str:
    try:
        parts = urlsplit(url.split(",")[0])
        return f"{parts.hostname}:{parts.port or 4222}"
    except ValueError:
        # Python's own words quote what it took for host and port, which is a part of the password.
        return "an address that cannot be read (in a password, / ? and # are written %2F, %3F and %23)"


class Connection:
    """The connection, its JetStream context and the moments at which it was lost or came back."""

    def __init__(self, settings: Settings, name: str) -> None:
        """Prepare; nothing is opened before ``open``."""
        self.settings = settings
        self.subjects = Subjects(settings.prefix)
        self.name = f"{name}-{settings.instance}"
        self.client = Client()
        self._attempts = 0
        self._lost = asyncio.Event()
        self._on_reconnect: list[Callable[[], Awaitable[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether the server is reachable now."""
        return self.client.is_connected

    @property
    def lost(self) -> asyncio.Event:
        """An event that is set when the present connection breaks; a new one is made after that."""
        return self._lost

    def on_reconnect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Run the callback after every re-connection."""
        self._on_reconnect.append(callback)

    def jetstream(self, timeout: float = 5.0) -> JetStreamContext:
        """Return a JetStream context whose API calls wait at most ``timeout`` seconds."""
        return self.client.jetstream(timeout=timeout)

    async def open(self, wait: float = 30.0) -> None:
        """Connect, trying for ``wait`` seconds.

        Raises:
            ServiceUnavailable: no server answered in that time.
        """
        end = asyncio.get_running_loop().time() + wait
        delay = _FIRST_WAIT
        while True:
            try:
                await self._connect()
                return
            except (OSError, TimeoutError, nats.errors.Error) as error:
                if asyncio.get_running_loop().time() + delay > end:
                    raise ServiceUnavailable(
                        f"NATS does not answer at {_host(self.settings.nats_url)}",
                        details="Start it, or set NATS_URL to a server that runs.",
                    ) from error
                log.warning("waiting for NATS at %s: %s", _host(self.settings.nats_url), error)
                await asyncio.sleep(delay)
                delay = min(_LONGEST_WAIT, delay * 2)

    async def _connect(self) -> None:
        self.client = Client()
        await self.client.connect(
            servers=[s.strip() for s in self.settings.nats_url.split(",")],
            name=self.name,
            connect_timeout=2,
            max_reconnect_attempts=-1,
            reconnect_to_server_handler=self._next_server,
            ping_interval=10,
            max_outstanding_pings=2,
            pending_size=64 * 1024 * 1024,
            error_cb=self._error,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
        )

    def _next_server(self, servers: list, _info: dict) -> tuple:
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self._attempts, 10))
        self._attempts += 1
        return random.choice(servers), wait * random.uniform(0.5, 1.0)

    async def _error(self, error: Exception) -> None:
        log.debug("nats: %r", error)

    async def _disconnected(self) -> None:
        if not self.client.is_closed and not self.client.is_draining:
            log.warning("lost the connection to NATS at %s; reconnecting", _host(self.settings.nats_url))
        self._lost.set()

    async def _reconnected(self) -> None:
        self._attempts = 0
        self._lost = asyncio.Event()
        log.info("connected to NATS again at %s", _host(self.settings.nats_url))
        for callback in self._on_reconnect:
            task = asyncio.ensure_future(callback())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Flush what is pending and close."""
        for task in tuple(self._tasks):
            task.cancel()
        if self.client.is_closed:
            return
        try:
            if self.client.is_connected:
                await self.client.flush(timeout=2)
        except (TimeoutError, nats.errors.Error):
            log.warning("closing NATS with unsent messages")
        await self.client.close()
