"""The frame of a service process: it stops when told, also while it starts and when a part does not close."""

from __future__ import annotations

import asyncio

import pytest
from tests.integration.bus.answering import answering

from dino_common import runtime as module
from dino_common.contracts import Service
from dino_common.contracts.internal import ServiceStatus
from dino_common.errors import ServiceUnavailable
from dino_common.runtime import Runtime
from dino_common.settings import Settings


@pytest.fixture
def video(bus_settings: Settings) -> Runtime:
    return Runtime(bus_settings.model_copy(update={"admin_host": "127.0.0.1", "admin_port": 0}), Service.VIDEO)


async def answer(context: object, request: object) -> ServiceStatus:
    return ServiceStatus(service="video", instance="here", version="1", ready=True)


async def test_process_that_is_still_starting_stops_when_told(video: Runtime):
    stop, begun = asyncio.Event(), asyncio.Event()

    async def long_work() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def setup(runtime: Runtime) -> None:
        runtime.handlers = answering("video-status", answer)
        runtime.after_start.append(long_work)

    serving = asyncio.create_task(video.serve(setup, stop))
    await asyncio.wait_for(begun.wait(), 10)
    assert await video.not_ready() == ["starting or stopping"]
    stop.set()
    await asyncio.wait_for(serving, 5)
    assert video.connection.client.is_closed


async def test_part_that_does_not_close_does_not_keep_the_process(video: Runtime, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.1)
    stop, closed = asyncio.Event(), []

    async def stuck() -> None:
        await asyncio.Event().wait()

    async def broken() -> None:
        raise OSError("gone")

    async def good() -> None:
        closed.append("good")

    async def setup(runtime: Runtime) -> None:
        runtime.handlers = answering("video-status", answer)
        runtime.closers += [good, broken, stuck]
        stop.set()

    await asyncio.wait_for(video.serve(setup, stop), 10)
    assert closed == ["good"]


async def test_failing_start_is_raised_and_leaves_nothing_open(video: Runtime):
    async def setup(runtime: Runtime) -> None:
        raise ServiceUnavailable("MongoDB does not answer")

    with pytest.raises(ServiceUnavailable, match="MongoDB"):
        await asyncio.wait_for(video.serve(setup, asyncio.Event()), 10)
    assert video.connection.client.is_closed
