"""Requests over a real NATS server: answers, typed errors, deadlines, drains, killed workers, killed server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.integration.bus.answering import answering

from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.bus.service import BusService
from dino_common.contracts import OPERATIONS, Service
from dino_common.contracts.internal import ServiceStatus
from dino_common.errors import (
    AssetNotFound,
    DeadlineExceeded,
    DinoError,
    InvalidRequest,
    ModelNotLoaded,
    ProcessingFailed,
    ServiceUnavailable,
)
from dino_common.settings import Settings

STATUS = OPERATIONS["video-status"]
SLEEPER = Path(__file__).with_name("sleeper.py")
Connect = Callable[[], Awaitable[Connection]]


def context(seconds: float = 10.0) -> Context:
    return Context("request-1", time.time() + seconds, operation=STATUS.name)


def answer(instance: str = "here") -> ServiceStatus:
    return ServiceStatus(service="video", instance=instance, version="1", ready=True)


async def serve(connection: Connection, handler, **options) -> BusService:
    service = BusService(connection, Service.VIDEO, answering("video-status", handler), **options)
    await service.start()
    await connection.client.flush()
    return service


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[BusClient]:
    asking = BusClient(await connect(), silence=0.6)
    await asking.start()
    yield asking
    await asking.stop()


@pytest.fixture
async def sleeper(
    bus_settings: Settings,
) -> AsyncIterator[Callable[[str, float], Awaitable[asyncio.subprocess.Process]]]:
    started: list[asyncio.subprocess.Process] = []

    async def start(name: str, seconds: float) -> asyncio.subprocess.Process:
        environment = {
            **os.environ,
            "NATS_URL": bus_settings.nats_url,
            "DINO_NAMESPACE": bus_settings.namespace,
            "DINO_DEPLOYMENT": bus_settings.deployment,
            "DINO_MAX_CONCURRENCY": "1000",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(SLEEPER), name, str(seconds), stdout=asyncio.subprocess.PIPE, env=environment
        )
        started.append(process)
        assert await process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_answer_comes_back_with_request_id_and_caller(connect: Connect, client: BusClient):
    seen: list[Context] = []

    async def handler(got: Context, request: object) -> ServiceStatus:
        seen.append(got)
        return answer()

    await serve(await connect(), handler)
    asked = Context("req-7", time.time() + 5, principal="key-1")
    assert (await client.call(STATUS, {}, asked))["instance"] == "here"
    assert (seen[0].request_id, seen[0].principal) == ("req-7", "key-1")
    assert seen[0].deadline == pytest.approx(asked.deadline, abs=0.01)


async def test_typed_error_crosses_the_bus(connect: Connect, client: BusClient):
    async def handler(got: object, request: object) -> ServiceStatus:
        raise AssetNotFound("Asset x not found", details="look again")

    await serve(await connect(), handler)
    with pytest.raises(AssetNotFound, match="Asset x not found") as caught:
        await client.call(STATUS, {}, context())
    assert caught.value.details == "look again"


async def test_unexpected_fault_shows_no_internals(connect: Connect, client: BusClient):
    async def handler(got: object, request: object) -> ServiceStatus:
        raise KeyError("secret-internal-name")

    await serve(await connect(), handler)
    with pytest.raises(ProcessingFailed) as caught:
        await client.call(STATUS, {}, context())
    assert "secret" not in caught.value.message


async def test_unknown_field_is_refused(connect: Connect, client: BusClient):
    async def handler(got: object, request: object) -> ServiceStatus:
        return answer()

    await serve(await connect(), handler)
    with pytest.raises(InvalidRequest, match="colour"):
        await client.call(STATUS, {"colour": "red"}, context())


async def test_slow_request_ends_with_its_deadline(connect: Connect, client: BusClient):
    async def handler(got: object, request: object) -> ServiceStatus:
        await asyncio.Event().wait()

    await serve(await connect(), handler, keepalive=0.1)
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await client.call(STATUS, {}, context(0.8))
    assert time.monotonic() - began < 3


async def test_work_whose_deadline_has_passed_is_dropped(connect: Connect, client: BusClient):
    ran = []

    async def handler(got: object, request: object) -> ServiceStatus:
        ran.append(1)
        return answer()

    connection = await connect()
    await serve(connection, handler)
    reply = await connection.client.request(
        connection.subjects.operation(STATUS), b"\x80", headers={"Dino-Deadline": str(time.time() - 1)}, timeout=2
    )
    assert reply.headers["Nats-Service-Error"] == "TIMEOUT"
    assert not ran


async def test_nobody_there_is_said_soon(client: BusClient):
    with pytest.raises(ServiceUnavailable, match="video"):
        await client.call(STATUS, {}, context())
    with pytest.raises(ModelNotLoaded):
        await client.call(OPERATIONS["inference-status"], {}, context())


async def test_one_slow_request_does_not_hold_up_the_others(connect: Connect, client: BusClient):
    gate = asyncio.Event()
    calls = 0

    async def handler(got: object, request: object) -> ServiceStatus:
        nonlocal calls
        calls += 1
        if calls == 1:
            await gate.wait()
        return answer()

    await serve(await connect(), handler, keepalive=0.1)
    slow = asyncio.create_task(client.call(STATUS, {}, context()))
    await asyncio.sleep(0)
    await asyncio.gather(*(client.call(STATUS, {}, context()) for _ in range(20)))
    assert not slow.done()
    gate.set()
    await slow


async def test_more_than_the_limit_is_refused_with_retry_after(
    connect: Connect, client: BusClient, bus_settings: Settings
):
    gate = asyncio.Event()

    async def handler(got: object, request: object) -> ServiceStatus:
        await gate.wait()
        return answer()

    connection = await connect()
    connection.settings = bus_settings.model_copy(update={"max_concurrency": 3})
    await serve(connection, handler, keepalive=0.1)
    tasks = [asyncio.create_task(client.call(STATUS, {}, context())) for _ in range(5)]
    refused = await asyncio.wait_for(asyncio.gather(*(first_error(t) for t in tasks[3:])), 5)
    gate.set()
    assert all(isinstance(e, ServiceUnavailable) and e.retry_after for e in refused)
    await asyncio.gather(*tasks[:3])


async def first_error(task: asyncio.Task) -> DinoError:
    with pytest.raises(DinoError) as caught:
        await task
    return caught.value


async def test_drain_finishes_what_was_delivered_and_drops_nothing(client: BusClient, sleeper):
    """400 requests while the only other worker is stopped in the middle: each gets an answer."""
    first = await sleeper("first", 0.02)
    await sleeper("second", 0.02)

    async def ask() -> str:
        return (await client.call(STATUS, {}, context()))["instance"]

    tasks = [asyncio.create_task(ask()) for _ in range(200)]
    assert await first.stdout.readline() == b"busy\n"
    first.send_signal(signal.SIGTERM)
    tasks += [asyncio.create_task(ask()) for _ in range(200)]
    answers = await asyncio.gather(*tasks)
    assert len(answers) == 400
    assert set(answers) == {"first", "second"}
    assert await asyncio.wait_for(first.wait(), 10) == 0


async def test_killed_workers_requests_are_answered_by_another(client: BusClient, sleeper):
    dying = await sleeper("dying", 30)
    task = asyncio.create_task(client.call(STATUS, {}, context(20)))
    assert await dying.stdout.readline() == b"busy\n"
    await sleeper("saviour", 0.01)
    dying.kill()
    assert (await task)["instance"] == "saviour"


async def test_busy_worker_is_not_taken_for_dead(client: BusClient, sleeper):
    """The answer takes three times the silence that counts as death; keep-alives bridge it."""
    worker = await sleeper("patient", 1.8)
    assert (await client.call(STATUS, {}, context(10)))["instance"] == "patient"
    worker.send_signal(signal.SIGTERM)
    said = (await worker.stdout.read()).decode().split()
    assert said.count("busy") == 1


async def test_requests_survive_a_killed_server(connect: Connect, client: BusClient, nats):
    async def handler(got: object, request: object) -> ServiceStatus:
        await asyncio.sleep(0.05)
        return answer()

    await serve(await connect(), handler)
    tasks = [asyncio.create_task(client.call(STATUS, {}, context(30))) for _ in range(100)]
    await asyncio.sleep(0)
    await nats.kill()
    await nats.start()
    answers = await asyncio.gather(*tasks)
    assert len(answers) == 100


async def test_answer_that_cannot_be_written_is_an_error_at_once(connect: Connect, client: BusClient):
    async def handler(got: object, request: object) -> dict[str, int]:
        return {"number": 2**70}

    await serve(await connect(), handler)
    with pytest.raises(ProcessingFailed):
        await asyncio.wait_for(client.call(STATUS, {}, context()), 3)


async def test_request_made_while_the_server_is_away_is_worked_on_once(connect: Connect, client: BusClient, nats):
    runs = 0

    async def handler(got: object, request: object) -> ServiceStatus:
        nonlocal runs
        runs += 1
        return answer()

    working = await connect()
    await serve(working, handler)
    await nats.kill()
    await client.connection.lost.wait()
    task = asyncio.create_task(client.call(STATUS, {}, context(30)))
    await nats.start()
    await task
    # Whatever was sent beside it lies before this one.
    await client.call(STATUS, {}, context(30))
    assert runs == 2


async def test_successor_of_a_dead_worker_is_waited_for(
    connect: Connect, client: BusClient, sleeper, monkeypatch: pytest.MonkeyPatch
):
    """The time for which nobody may be there runs anew once a worker has died."""
    monkeypatch.setattr(client, "_silence", 2.5)  # longer than that time
    dying = await sleeper("dying", 30)
    task = asyncio.create_task(client.call(STATUS, {}, context(20)))
    assert await dying.stdout.readline() == b"busy\n"
    dying.kill()
    await dying.wait()
    sent_again = asyncio.create_task(asyncio.sleep(2.6))
    await asyncio.wait((task, sent_again), return_when=asyncio.FIRST_COMPLETED)
    assert not task.done(), "it gave up at once"

    async def handler(got: object, request: object) -> ServiceStatus:
        return answer("successor")

    # In this process: a new one may take longer to start than anybody waits.
    await serve(await connect(), handler)
    assert (await task)["instance"] == "successor"
