"""Jobs: waited for, followed by events, cancelled, resumed by another worker after a kill."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.conftest import StartPlatform
from tests.integration.main_path.photographs import encoded, picture
from tests.integration.platform import Platform

from dino_common.contracts.batches import BatchExtractResponse
from dino_common.contracts.jobs import Job, JobAccepted

MANY = 60


@pytest.fixture(scope="module")
async def own(start_platform: StartPlatform) -> AsyncIterator[Platform]:
    """The built-in model takes its time, and nothing is extracted before it is asked for."""
    running = await start_platform(DINO_EXTRACT_ON_UPLOAD="false", DINOV3_BATCH_SIZE="4")
    yield running
    await running.stop()


@pytest.fixture
async def api(own: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with own.client(timeout=120) as client:
        yield client


async def fresh_assets(api: httpx.AsyncClient, count: int) -> list[str]:
    """Upload pictures that nobody has uploaded before."""
    mark = uuid.uuid4().bytes

    async def one(number: int) -> str:
        pixels = np.asarray(picture("coffee").resize((96, 64))).copy()
        pixels[0, :16, 0] = np.frombuffer(mark, np.uint8)
        pixels[1, 0] = number
        answer = await api.post("/upload-media", files={"file": ("a.png", encoded(Image.fromarray(pixels), "PNG"))})
        return answer.json()["asset_id"]

    return list(await asyncio.gather(*(one(n) for n in range(count))))


async def submit(api: httpx.AsyncClient, ids: list[str], **headers: str) -> JobAccepted:
    answer = await api.post("/batch-extract-features", params={"wait": 0}, json={"asset_ids": ids}, headers=headers)
    assert answer.status_code == 202, answer.text
    accepted = JobAccepted.model_validate(answer.json())
    assert answer.headers["Location"].endswith(accepted.status_url)
    return accepted


async def until(api: httpx.AsyncClient, job_id: str, reached) -> Job:
    for _ in range(1200):
        job = Job.model_validate((await api.get(f"/jobs/{job_id}")).json())
        if reached(job):
            return job
        await asyncio.sleep(0.05)
    raise AssertionError(f"the job stays as it is: {job}")


def ended(job: Job) -> bool:
    return job.status in ("succeeded", "failed", "cancelled")


async def test_short_job_answers_within_its_wait(api: httpx.AsyncClient):
    ids = await fresh_assets(api, 2)
    answer = await api.post("/batch-extract-features", json={"asset_ids": ids})
    assert answer.status_code == 200
    assert BatchExtractResponse.model_validate(answer.json()).succeeded == 2


async def test_long_job_is_followed_by_its_status(api: httpx.AsyncClient):
    ids = await fresh_assets(api, 12)
    accepted = await submit(api, ids)
    job = await until(api, accepted.job_id, ended)
    assert job.status == "succeeded"
    assert job.progress.fraction == 1
    result = BatchExtractResponse.model_validate(job.result)
    assert [item.asset_id for item in result.results] == ids
    assert np.linalg.norm(result.results[0].result.features) == pytest.approx(1, abs=1e-5)
    listed = (await api.get("/jobs", params={"operation": "batch-extract-features"})).json()["items"]
    assert accepted.job_id in [item["job_id"] for item in listed]


async def test_events_tell_progress_and_the_end(api: httpx.AsyncClient):
    accepted = await submit(api, await fresh_assets(api, 24))
    fractions, done, event = [], None, ""
    async with api.stream("GET", accepted.events_url.removeprefix("/api/v1")) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                job = Job.model_validate(json.loads(line.removeprefix("data:")))
                fractions.append(job.progress.fraction)
                if event == "done":
                    done = job
    assert done is not None
    assert done.status == "succeeded"
    assert fractions == sorted(fractions)
    assert len(set(fractions)) >= 3, fractions


async def test_same_key_is_one_job(api: httpx.AsyncClient):
    ids, key = await fresh_assets(api, 4), str(uuid.uuid4())
    first = await submit(api, ids, **{"Idempotency-Key": key})
    again = await submit(api, ids, **{"Idempotency-Key": key})
    assert first.job_id == again.job_id
    job = await until(api, first.job_id, ended)
    assert job.attempts == 1
    other = await api.post(
        "/batch-extract-features", params={"wait": 0}, json={"asset_ids": ids[:1]}, headers={"Idempotency-Key": key}
    )
    assert other.status_code == 409


async def test_running_job_is_cancelled(api: httpx.AsyncClient):
    accepted = await submit(api, await fresh_assets(api, MANY))
    await until(api, accepted.job_id, lambda job: job.status == "running")
    answer = await api.delete(f"/jobs/{accepted.job_id}")
    assert answer.status_code == 200
    assert answer.json()["cancel_requested"] is True
    job = await until(api, accepted.job_id, ended)
    assert job.status == "cancelled"
    assert job.progress.fraction < 1
    assert (await api.delete(f"/jobs/{accepted.job_id}")).json()["status"] == "cancelled"


async def test_killed_worker_is_followed_by_another_that_goes_on(api: httpx.AsyncClient, own: Platform):
    ids = await fresh_assets(api, MANY)
    accepted = await submit(api, ids)
    await until(api, accepted.job_id, lambda job: job.progress.done >= 8)
    await own.kill("inference")
    await own.restart("inference")
    job = await until(api, accepted.job_id, ended)
    assert job.status == "succeeded"
    assert job.attempts == 2
    result = BatchExtractResponse.model_validate(job.result)
    assert result.succeeded == MANY
    assert any(item.result.cached for item in result.results), "what was finished before the kill is not done again"


async def test_stopping_worker_hands_its_job_over_at_once(api: httpx.AsyncClient, own: Platform):
    ids = await fresh_assets(api, MANY)
    accepted = await submit(api, ids)
    await until(api, accepted.job_id, lambda job: job.progress.done >= 4)
    assert await own.terminate("inference")
    await own.restart("inference")
    job = await until(api, accepted.job_id, ended)
    assert job.status == "succeeded"
    assert BatchExtractResponse.model_validate(job.result).succeeded == MANY


async def test_unknown_job_is_not_found(api: httpx.AsyncClient):
    for answer in (
        await api.get(f"/jobs/{uuid.uuid4()}"),
        await api.delete(f"/jobs/{uuid.uuid4()}"),
        await api.get(f"/jobs/{uuid.uuid4()}/events"),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "JOB_NOT_FOUND"
