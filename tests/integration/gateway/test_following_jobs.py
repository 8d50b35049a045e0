"""Jobs through the gateway, with a real queue and a worker that the test holds in its hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform

from dino_common.bus.connection import Connection
from dino_common.bus.job_context import JobContext
from dino_common.bus.job_worker import JobWorker
from dino_common.contracts import Service
from dino_common.errors import GpuMemoryError
from dino_common.settings import Settings
from dino_common.stores.jobs import JobStore
from dino_common.stores.mongo import Mongo

ID = "550e8400-e29b-41d4-a716-446655440000"
RESULT = {"total": 1, "succeeded": 1, "failed": 0, "processing_time": 0.1, "results": []}


@dataclass
class Worker:
    """Answers batch-extract-features when told to."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    fail: bool = False
    runs: int = 0

    async def extract(self, job: JobContext, request: Any) -> dict[str, Any]:
        self.runs += 1
        self.begun.set()
        await job.advance(1, 2, "half", {"done": 1})
        if self.fail:
            raise GpuMemoryError("the accelerator is full")
        await self.go_on.wait()
        return RESULT


@pytest.fixture(scope="module")
async def alone(start_gateway) -> Platform:
    return await start_gateway()


@pytest.fixture
async def client(alone: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with alone.client() as found:
        yield found


@pytest.fixture
async def worker(alone: Platform, settings_of: Callable[[Platform], Settings]) -> AsyncIterator[Worker]:
    settings = settings_of(alone)
    connection, mongo = Connection(settings, "worker"), await Mongo.connect(settings)
    await connection.open()
    made = Worker()
    running = JobWorker(connection, Service.INFERENCE, JobStore(mongo), {"batch-extract-features": made.extract})
    await running.start()
    yield made
    await running.drain()
    await connection.close()
    await mongo.close()


async def submit(client: httpx.AsyncClient, wait: float, **headers: str) -> httpx.Response:
    body = {"asset_ids": [ID]}
    return await client.post(f"/batch-extract-features?wait={wait}", json=body, headers=headers)


async def test_a_job_that_ends_within_the_wait_answers_its_result(client, worker):
    worker.go_on.set()
    answer = await submit(client, 30)
    assert (answer.status_code, answer.json()) == (200, RESULT)
    job = (await client.get(f"/jobs/{answer.headers['x-job-id']}")).json()
    assert (job["status"], job["result"], job["progress"]["fraction"]) == ("succeeded", RESULT, 1.0)


async def test_a_job_that_fails_within_the_wait_answers_its_error(client, worker):
    worker.fail = True
    answer = await submit(client, 30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "GPU_MEMORY_ERROR")


async def test_a_longer_job_is_accepted_and_followed_by_events(client, worker):
    accepted = await submit(client, 0)
    assert accepted.status_code == 202
    where = accepted.json()
    assert accepted.headers["location"] == where["status_url"]
    assert int(accepted.headers["retry-after"]) >= 1
    names, last = [], {}
    origin = str(client.base_url).removesuffix("/api/v1/")
    async with asyncio.timeout(30), client.stream("GET", origin + where["events_url"]) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        async for line in events.aiter_lines():
            if line.startswith("event: "):
                names.append(line.removeprefix("event: "))
            elif line.startswith("data: "):
                last = json.loads(line.removeprefix("data: "))
                if last["progress"]["stage"] == "half":
                    worker.go_on.set()
    assert names[-1] == "done"
    assert set(names[:-1]) == {"progress"}
    assert (last["status"], last["result"]) == ("succeeded", RESULT)


async def test_a_running_job_is_cancelled(client, worker):
    job_id = (await submit(client, 0)).json()["job_id"]
    await asyncio.wait_for(worker.begun.wait(), 20)
    asked = (await client.delete(f"/jobs/{job_id}")).json()
    assert asked["cancel_requested"] is True

    async def cancelled() -> bool:
        return (await client.get(f"/jobs/{job_id}")).json()["status"] == "cancelled"

    await until(cancelled)


async def test_a_key_names_one_job_however_often_it_is_sent(client, worker):
    headers = {"Idempotency-Key": "one job"}
    first = await submit(client, 0, **headers)
    again = await submit(client, 0, **headers)
    assert again.json()["job_id"] == first.json()["job_id"]
    assert again.headers["idempotent-replayed"] == "true"
    body = {"asset_ids": [ID], "include_features": False}
    other = await client.post("/batch-extract-features?wait=0", json=body, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "CONFLICT")
    worker.go_on.set()
    done = await submit(client, 30, **headers)
    assert (done.status_code, done.json(), worker.runs) == (200, RESULT, 1)


async def test_a_client_that_stops_waiting_does_not_stop_the_job(client, worker):
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/batch-extract-features", json={"asset_ids": [ID]}, timeout=httpx.Timeout(10, read=0.5))
    await asyncio.wait_for(worker.begun.wait(), 20)
    worker.go_on.set()

    async def succeeded() -> bool:
        newest = (await client.get("/jobs", params={"limit": 1})).json()["items"][0]
        return newest["status"] == "succeeded"

    await until(succeeded)


async def test_a_queued_job_is_cancelled_at_once_and_unknown_ones_are_404(client):
    job_id = (await submit(client, 0)).json()["job_id"]
    assert (await client.delete(f"/jobs/{job_id}")).json()["status"] == "cancelled"
    assert (await client.delete(f"/jobs/{job_id}")).json()["status"] == "cancelled"
    for path in ("/jobs/no-such-job", "/jobs/no-such-job/events"):
        missing = await client.get(path)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "JOB_NOT_FOUND")
    listed = (await client.get("/jobs", params={"status": "cancelled"})).json()["items"]
    assert job_id in [job["job_id"] for job in listed]
