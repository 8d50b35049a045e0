"""No job waits or runs for ever: one that hangs ends with its time, one that the queue has lost is queued again."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import Any

import pytest
from tests.integration.jobs.test_worker import OPERATION, StartWorker, start, store, submit
from tests.integration.stores.conftest import Until

from dino_common.bus import job_worker
from dino_common.bus.connection import Connection
from dino_common.bus.job_context import JobContext
from dino_common.bus.job_queue import JobQueue
from dino_common.stores.jobs import JobRecord, JobStore
from dino_gateway.lost_jobs import requeue_once

__all__ = ["start", "store"]


async def ended(store: JobStore, job_id: str, until: Until) -> JobRecord:
    async def over() -> bool:
        return (await store.get(job_id)).ended

    await until(over)
    return await store.get(job_id)


async def test_a_job_that_hangs_ends_with_its_time(
    connection: Connection, store: JobStore, start: StartWorker, until: Until, monkeypatch: pytest.MonkeyPatch
):
    hasty = {**job_worker.OPERATIONS, OPERATION.name: replace(OPERATION, timeout_s=0.3)}
    monkeypatch.setattr(job_worker, "OPERATIONS", hasty)
    stopped = asyncio.Event()

    async def hangs(job: JobContext) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    job_id = await submit(connection, store)
    await start(hangs)
    record = await ended(store, job_id, until)
    assert stopped.is_set()
    assert record.status == "failed"
    assert record.error is not None
    assert record.error["code"] == "TIMEOUT"


async def test_a_timeout_of_the_work_itself_is_not_taken_for_the_jobs(
    connection: Connection, store: JobStore, start: StartWorker, until: Until
):
    async def fails(job: JobContext) -> dict[str, Any]:
        raise TimeoutError

    job_id = await submit(connection, store)
    await start(fails)
    record = await ended(store, job_id, until)
    assert record.error is not None
    assert record.error["code"] == "PROCESSING_FAILED"


async def test_a_job_that_the_queue_has_lost_is_run(
    connection: Connection, store: JobStore, start: StartWorker, until: Until
):
    queue, names = JobQueue(connection), connection.subjects
    job_id = await submit(connection, store)
    # On the queue: nothing is lost, however long it waits.
    assert await requeue_once(names, queue, store, seconds=-1) == []
    await connection.jetstream().delete_stream(names.jobs_stream)
    await queue.start()
    # Too young: it may be on its way.
    assert await requeue_once(names, queue, store) == []
    assert job_id in await requeue_once(names, queue, store, seconds=-1)

    async def done(job: JobContext) -> dict[str, Any]:
        return {}

    await start(done)
    assert (await ended(store, job_id, until)).status == "succeeded"
    assert job_id not in await requeue_once(names, queue, store, seconds=-1)


async def test_a_lost_job_is_run_though_others_of_its_operation_wait(
    connection: Connection, store: JobStore, start: StartWorker, until: Until
):
    queue, names = JobQueue(connection), connection.subjects
    first = await submit(connection, store)
    # Its gateway died before it was queued.
    lost = str(uuid.uuid4())
    await store.create(JobRecord(lost, OPERATION.name, OPERATION.service.value, {"asset_ids": [str(uuid.uuid4())]}))
    last = await submit(connection, store)
    # What cannot be read to its end tells nothing.
    assert await queue.lacks(OPERATION, [first, lost, last], 1) == (set(), 1)
    assert await requeue_once(names, queue, store, seconds=-1) == [lost]
    assert await queue.held() == {names.job(OPERATION): 3}
    # Several gateways look, and do so again.
    assert await requeue_once(names, queue, store, seconds=-1) == []
    assert await queue.lacks(OPERATION, [first, last], 1000) == (set(), 2)

    async def done(job: JobContext) -> dict[str, Any]:
        return {}

    await start(done)
    for job_id in (first, lost, last):
        record = await ended(store, job_id, until)
        assert (record.status, record.attempts) == ("succeeded", 1)


async def test_a_job_in_work_is_not_queued_again(
    connection: Connection, store: JobStore, start: StartWorker, until: Until
):
    begun, go = asyncio.Event(), asyncio.Event()

    async def waits(job: JobContext) -> dict[str, Any]:
        begun.set()
        await go.wait()
        return {}

    job_id = await submit(connection, store)
    await start(waits)
    await asyncio.wait_for(begun.wait(), 10)
    assert await requeue_once(connection.subjects, JobQueue(connection), store, seconds=-1) == []
    go.set()
    record = await ended(store, job_id, until)
    assert (record.status, record.attempts) == ("succeeded", 1)
