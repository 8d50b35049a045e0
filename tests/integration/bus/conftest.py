"""A NATS server of the bus tests' own, because they kill it."""

from __future__ import annotations

import itertools
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from dino_common.bus.connection import Connection
from dino_common.settings import Settings
from dino_local.offspring import Guard
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.servers import NatsServer

_names = itertools.count(1)


@dataclass
class Nats:
    """A NATS server that tests may kill and start again on its data and port."""

    server: NatsServer
    child: Child
    guard: Guard
    log: object

    async def kill(self) -> None:
        self.child.signal(signal.SIGKILL)
        await self.child.wait()

    async def start(self) -> None:
        self.child = Child(self.server.program(), log_file=self.log, guard=self.guard)
        await self.child.start()
        await self.child.wait_ready()


@pytest.fixture(scope="session")
async def nats(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nats]:
    directory = tmp_path_factory.mktemp("nats")
    port = PortPicker(prefer_usual=False).pick("nats", 4222)
    server = NatsServer(directory, "127.0.0.1", port)
    running = Nats(server, None, Guard(), directory / "nats.log")
    await running.start()
    yield running
    await running.child.stop()
    running.guard.close()


@pytest.fixture
def bus_settings(nats: Nats) -> Settings:
    """Settings of a deployment that no other test uses."""
    return Settings(NATS_URL=nats.server.url, DINO_NAMESPACE="test", DINO_DEPLOYMENT=f"bus-{next(_names)}")


@pytest.fixture
async def connect(bus_settings: Settings) -> AsyncIterator[Callable[[], Awaitable[Connection]]]:
    """Open connections that are closed at the end of the test."""
    opened: list[Connection] = []

    async def open_one() -> Connection:
        connection = Connection(bus_settings, f"test{len(opened)}")
        await connection.open()
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        await connection.close()
