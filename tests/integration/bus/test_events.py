"""Events over a real NATS server: soon, once while a handler is slow, again when it failed or was stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dino_common.bus import events as module
from dino_common.bus.connection import Connection
from dino_common.bus.events import ASSET_CREATED, Events
from dino_common.errors import Conflict, InvalidFileFormat

Connect = Callable[[], Awaitable[Connection]]


async def started(connect: Connect) -> Events:
    events = Events(await connect())
    await events.start()
    return events


async def settled(connection: Connection) -> None:
    """Return once every event is acknowledged or given up."""
    info = await connection.jetstream().consumer_info(connection.subjects.events_stream, "follower")
    if info.num_pending or info.num_ack_pending:
        await settled(connection)


async def test_lone_event_reaches_its_handler_soon(connect: Connect):
    events, seen = await started(connect), asyncio.Queue[float]()

    async def handle(kind: str, event: dict[str, Any]) -> None:
        seen.put_nowait(time.monotonic() - event["sent"])

    events.consume("follower", [ASSET_CREATED], handle, concurrency=16)
    for _ in range(3):
        await events.publish(ASSET_CREATED, {"sent": time.monotonic()})
        assert await asyncio.wait_for(seen.get(), 10) < 0.5
    await events.stop()


async def test_slow_handler_keeps_its_event(connect: Connect, monkeypatch: pytest.MonkeyPatch):
    """It takes four times the time after which an event without a sign of life goes to another worker."""
    monkeypatch.setattr(module, "ACK_WAIT", 0.5)
    slow, eager = await started(connect), await started(connect)
    runs: list[str] = []
    ended = asyncio.Event()

    def handler(name: str) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
        async def handle(kind: str, event: dict[str, Any]) -> None:
            runs.append(name)
            await asyncio.sleep(2.0)
            ended.set()

        return handle

    slow.consume("follower", [ASSET_CREATED], handler("slow"))
    eager.consume("follower", [ASSET_CREATED], handler("eager"))
    await slow.publish(ASSET_CREATED, {})
    await asyncio.wait_for(ended.wait(), 10)
    await slow.stop()
    await eager.stop()
    assert len(runs) == 1


async def test_event_of_a_stopping_process_goes_to_another_at_once(connect: Connect):
    stopping, other = await started(connect), await started(connect)
    begun, taken = asyncio.Event(), asyncio.Event()

    async def stuck(kind: str, event: dict[str, Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def take(kind: str, event: dict[str, Any]) -> None:
        taken.set()

    stopping.consume("follower", [ASSET_CREATED], stuck, concurrency=4)
    await stopping.publish(ASSET_CREATED, {})
    await asyncio.wait_for(begun.wait(), 10)
    await stopping.stop(0.1)
    other.consume("follower", [ASSET_CREATED], take)
    await asyncio.wait_for(taken.wait(), 5)
    await other.stop()


async def test_faulty_event_is_given_up_and_the_next_is_handled(connect: Connect):
    events = await started(connect)
    calls: list[int] = []
    ended = asyncio.Event()

    async def handle(kind: str, event: dict[str, Any]) -> None:
        calls.append(event["n"])
        if event["n"] == 1:
            raise InvalidFileFormat("not a picture")
        if event["n"] == 2 and calls.count(2) == 1:
            raise Conflict("others work on the same content", retry_after=1)
        if event["n"] == 2:
            ended.set()

    connection = events._connection
    await connection.jetstream().publish(connection.subjects.event(ASSET_CREATED), b"\xc1")
    await events.publish(ASSET_CREATED, {"n": 1})
    await events.publish(ASSET_CREATED, {"n": 2})
    events.consume("follower", [ASSET_CREATED], handle)
    await asyncio.wait_for(ended.wait(), 10)
    await events.stop()
    assert calls == [1, 2, 2]
    async with asyncio.timeout(5):
        await settled(connection)
