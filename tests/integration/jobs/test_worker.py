"""One worker on a real queue: handed over without blame, told of faults, never the same job twice at once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.integration.stores.conftest import Until

from dino_common.bus import codec, job_worker
from dino_common.bus.connection import Connection
from dino_common.bus.job_context import JobContext
from dino_common.bus.job_queue import JobQueue
from dino_common.bus.job_worker import JobWorker
from dino_common.contracts import OPERATIONS, Service
from dino_common.errors import ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.stores.mongo import Mongo

OPERATION = OPERATIONS["batch-extract-features"]
Run = Callable[[JobContext], Awaitable[dict[str, Any]]]
StartWorker = Callable[[Run], Awaitable[JobWorker]]


@pytest.fixture
def store(mongo: Mongo) -> JobStore:
    return JobStore(mongo)


@pytest.fixture
async def start(connection: Connection, store: JobStore) -> AsyncIterator[StartWorker]:
    workers: list[JobWorker] = []

    async def begin(run: Run) -> JobWorker:
        async def handle(job: JobContext, request: Any) -> dict[str, Any]:
            return await run(job)

        worker = JobWorker(connection, Service.INFERENCE, store, {OPERATION.name: handle})
        await worker.start()
        workers.append(worker)
        return worker

    yield begin
    for worker in workers:
        await worker.drain()
    await connection.jetstream().purge_stream(connection.subjects.jobs_stream)


async def submit(connection: Connection, store: JobStore) -> str:
    job_id = str(uuid.uuid4())
    request = {"asset_ids": [str(uuid.uuid4())]}
    await store.create(JobRecord(job_id, OPERATION.name, OPERATION.service.value, request))
    queue = JobQueue(connection)
    await queue.start()
    await queue.submit(OPERATION, job_id, {})
    return job_id


async def test_job_handed_over_at_every_stop_is_not_given_up(
    connection: Connection, store: JobStore, start: StartWorker, until: Until
):
    """Seven rolling restarts in the middle of one job are no fault of the job."""
    job_id = await submit(connection, store)
    begun = asyncio.Event()

    async def endless(job: JobContext) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    for _ in range(7):
        begun.clear()
        worker = await start(endless)
        await asyncio.wait_for(begun.wait(), 10)
        await worker.drain()
    assert (await store.get(job_id)).status == "running"

    async def done(job: JobContext) -> dict[str, Any]:
        begun.set()
        return {"attempts": "few"}

    begun.clear()
    await start(done)
    await asyncio.wait_for(begun.wait(), 10)

    async def ended() -> bool:
        return (await store.get(job_id)).ended

    await until(ended)
    record = await store.get(job_id)
    assert record.status == "succeeded"
    assert record.attempts == 1


async def test_job_waits_for_a_part_that_is_down_longer_than_five_tries(
    connection: Connection, store: JobStore, start: StartWorker, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_worker, "SETBACK_DELAYS", (0.05,) * 12)
    job_id = await submit(connection, store)
    tries = 0

    async def run(job: JobContext) -> dict[str, Any]:
        nonlocal tries
        tries += 1
        if tries < 9:
            raise ServiceUnavailable("the object store does not answer")
        return {}

    await start(run)

    async def ended() -> bool:
        return (await store.get(job_id)).ended

    await until(ended)
    record = await store.get(job_id)
    assert (record.status, tries, record.attempts) == ("succeeded", 9, 1)


async def test_job_whose_part_stays_down_ends_with_that_error(
    connection: Connection, store: JobStore, start: StartWorker, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_worker, "SETBACK_DELAYS", (0.05,) * 3)
    job_id = await submit(connection, store)

    async def run(job: JobContext) -> dict[str, Any]:
        raise ServiceUnavailable("the object store does not answer")

    await start(run)

    async def ended() -> bool:
        return (await store.get(job_id)).ended

    await until(ended)
    record = await store.get(job_id)
    assert record.status == "failed"
    assert record.error is not None
    assert record.error["code"] == "SERVICE_UNAVAILABLE"


async def test_job_waiting_for_its_next_try_is_cancelled_at_once(
    connection: Connection, store: JobStore, start: StartWorker, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_worker, "SETBACK_DELAYS", (60.0,))
    job_id = await submit(connection, store)
    begun = asyncio.Event()

    async def run(job: JobContext) -> dict[str, Any]:
        begun.set()
        raise ServiceUnavailable("the object store does not answer")

    await start(run)
    await asyncio.wait_for(begun.wait(), 10)

    async def put_back() -> bool:
        return (await store.get(job_id)).owner is None

    await until(put_back)
    assert (await store.request_cancel(job_id)).status == "cancelled"


async def test_garbage_on_the_queue_does_not_use_up_the_slots(
    connection: Connection, store: JobStore, start: StartWorker, until: Until
):
    await JobQueue(connection).start()
    for garbage in (b"\xc1", codec.pack([1]), codec.pack({}), b""):
        await connection.jetstream().publish(connection.subjects.job(OPERATION), garbage)
    job_id = await submit(connection, store)

    async def run(job: JobContext) -> dict[str, Any]:
        return {}

    await start(run)

    async def ended() -> bool:
        return (await store.get(job_id)).ended

    await until(ended)
    assert (await store.get(job_id)).status == "succeeded"


async def test_redelivered_job_that_still_runs_here_is_not_begun_twice(
    connection: Connection, store: JobStore, start: StartWorker, until: Until, monkeypatch: pytest.MonkeyPatch
):
    """A broken connection lets the acknowledgement run out while the worker is still at it."""
    monkeypatch.setattr(job_worker, "ACK_WAIT", 0.3)
    monkeypatch.setattr(job_worker, "HEARTBEAT", 60.0)
    job_id = await submit(connection, store)
    gate, runs = asyncio.Event(), 0

    async def run(job: JobContext) -> dict[str, Any]:
        nonlocal runs
        runs += 1
        await gate.wait()
        return {"runs": runs}

    await start(run)
    durable = (connection.subjects.jobs_stream, Service.INFERENCE.value)

    async def redelivered() -> bool:
        return (await connection.jetstream().consumer_info(*durable)).num_redelivered > 0

    await until(redelivered)
    gate.set()

    async def settled() -> bool:
        info = await connection.jetstream().consumer_info(*durable)
        return (await store.get(job_id)).ended and info.num_ack_pending == 0 and info.num_pending == 0

    await until(settled)
    record = await store.get(job_id)
    assert (record.status, runs, record.attempts) == ("succeeded", 1, 1)


async def test_worker_that_lost_its_job_to_another_stops(
    settings: Settings, connection: Connection, store: JobStore, start: StartWorker, until: Until
):
    """It was cut off for so long that another worker began the job: two never go on with it."""
    job_id = await submit(connection, store)
    begun, go_on, stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run(job: JobContext) -> dict[str, Any]:
        begun.set()
        try:
            await go_on.wait()
            await job.advance(1, 2, "late", {"from": "the loser"})
            return {"from": "the loser"}
        except asyncio.CancelledError:
            stopped.set()
            raise

    await start(run)
    await asyncio.wait_for(begun.wait(), 10)
    await store.begin(job_id, "another worker")
    go_on.set()
    await asyncio.wait_for(stopped.wait(), 10)
    record = await store.get(job_id)
    assert (record.status, record.owner, record.checkpoint) == ("running", "another worker", None)


async def test_what_a_job_resumes_from_is_removed_only_once_its_answer_is_stored(
    connection: Connection, store: JobStore, start: StartWorker, until: Until, monkeypatch: pytest.MonkeyPatch
):
    """A worker that dies, or whose store is down, between the last step and the answer leaves what was kept."""
    monkeypatch.setattr(job_worker, "SETBACK_DELAYS", (0.05,) * 3)
    job_id = await submit(connection, store)
    removed: list[str] = []

    async def forget() -> None:
        removed.append((await store.get(job_id)).status)

    async def fails() -> None:
        raise ServiceUnavailable("the object store does not answer")

    async def run(job: JobContext) -> dict[str, Any]:
        job.afterwards += [fails, forget]
        return {}

    answering, refusals = store.succeed, 0

    async def refusing(*given: Any) -> JobRecord:
        nonlocal refusals
        refusals += 1
        if refusals == 1:
            raise ServiceUnavailable("MongoDB does not answer")
        return await answering(*given)

    monkeypatch.setattr(store, "succeed", refusing)
    await start(run)

    async def cleared() -> bool:
        return bool(removed)

    await until(cleared)
    assert removed == ["succeeded"]
    assert refusals == 2


async def test_cancellation_during_an_outage_of_the_store_is_not_lost(
    connection: Connection, store: JobStore, start: StartWorker, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_worker, "ACK_WAIT", 1.0)
    job_id = await submit(connection, store)
    begun = asyncio.Event()

    async def run(job: JobContext) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    answering = store.cancelled
    refusals = 0

    async def refusing(job_id: str) -> JobRecord:
        nonlocal refusals
        refusals += 1
        if refusals == 1:
            raise ServiceUnavailable("MongoDB does not answer")
        return await answering(job_id)

    monkeypatch.setattr(store, "cancelled", refusing)
    await start(run)
    await asyncio.wait_for(begun.wait(), 10)
    await store.request_cancel(job_id)
    await JobQueue(connection).tell_cancelled(job_id)

    async def ended() -> bool:
        return (await store.get(job_id)).ended

    await until(ended)
    assert (await store.get(job_id)).status == "cancelled"


async def test_job_whose_document_has_vanished_is_dropped(
    connection: Connection, store: JobStore, mongo: Mongo, start: StartWorker, until: Until
):
    job_id = await submit(connection, store)
    await mongo.db["jobs"].delete_one({"_id": job_id})
    ran = []

    async def run(job: JobContext) -> dict[str, Any]:
        ran.append(job.job_id)
        return {}

    await start(run)

    async def gone() -> bool:
        info = await connection.jetstream().stream_info(connection.subjects.jobs_stream)
        return info.state.messages == 0

    await until(gone)
    assert not ran


async def test_record_of_a_handed_back_job_belongs_to_nobody(store: JobStore):
    job, _ = await store.create(JobRecord(str(uuid.uuid4()), OPERATION.name, "inference", {}))
    await store.begin(job.job_id, "one")
    await store.hand_back(job.job_id, "another")
    assert (await store.get(job.job_id)).owner == "one"
    await store.hand_back(job.job_id, "one")
    back = await store.get(job.job_id)
    assert replace(back, started_at=None) == replace(job, status="running")
