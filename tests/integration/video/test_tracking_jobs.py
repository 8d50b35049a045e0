"""Following objects as a job: a killed worker's job is finished by the next one; cancelling is quick."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import boto3
import httpx
import numpy as np
import pytest
from botocore.config import Config
from pymongo import MongoClient
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.video.films import encoded, pan_right, photograph, static
from tests.unit.inference.tiny_models import write_tiny_vit

StartPlatform = Callable[..., Awaitable[Platform]]
BOXES = ([40, 20, 90, 90], [120, 60, 100, 80], [200, 30, 70, 120], [10, 80, 120, 90])


@pytest.fixture(scope="module")
async def own(start_platform: StartPlatform, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """A platform whose video service may be killed; its model is small, so that tracking itself takes the time."""
    model = write_tiny_vit(tmp_path_factory.mktemp("model") / "tiny-vit")
    platform = await start_platform(DINOV3_MODEL_NAME=str(model))
    yield platform
    await platform.stop()


@pytest.fixture(scope="module")
async def client(own: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with own.client(timeout=120) as found:
        yield found


@pytest.fixture(scope="module")
async def film_id(client: httpx.AsyncClient) -> str:
    """24 seconds, of which every frame is looked at."""
    frames = pan_right(photograph("coffee"), 12) + static(photograph("chelsea"), 12)
    answer = await client.post("/upload-media", files={"file": ("long.mp4", encoded(frames))})
    return answer.json()["asset_id"]


async def submitted(client: httpx.AsyncClient, film_id: str) -> str:
    objects = [{"box": box} for box in BOXES]
    body = {"video_asset_id": film_id, "objects": objects, "frames_per_second": 25}
    answer = await client.post("/track-objects?wait=0", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


async def job(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    return (await client.get(f"/jobs/{job_id}")).json()


async def ended(client: httpx.AsyncClient, job_id: str, seconds: float = 240) -> dict[str, Any]:
    async def over() -> bool:
        return (await job(client, job_id))["status"] in ("succeeded", "failed", "cancelled")

    await until(over, seconds)
    return await job(client, job_id)


def segments(platform: Platform) -> list[str]:
    """What is kept of jobs in the platform's bucket."""
    store = platform.endpoints.objects
    client = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    found = client.list_objects_v2(Bucket=store.bucket, Prefix="scratch/shots/").get("Contents", [])
    return [entry["Key"] for entry in found if "/jobs/" in entry["Key"]]


def items(done: dict[str, Any]) -> list[dict[str, Any]]:
    assert done["status"] == "succeeded", done
    return [item for one in done["result"]["objects"] for item in one["items"]]


@pytest.mark.slow
async def test_another_worker_finishes_what_a_killed_one_began(own, client, film_id):
    whole = await ended(client, await submitted(client, film_id))
    assert whole["result"]["frames"] == 600

    job_id = await submitted(client, film_id)

    with MongoClient(own.endpoints.mongodb_url) as mongo:
        jobs = mongo.get_default_database()["jobs"]

        async def kept() -> bool:
            # A segment counts once the job names it, which is after it lies in the bucket.
            return (jobs.find_one({"_id": job_id}) or {}).get("checkpoint") is not None

        await until(kept, 60)
    await own.kill("video")
    await own.restart("video")
    resumed = await ended(client, job_id)
    assert resumed["attempts"] >= 2
    assert "resumes after segment" in own.log("video"), "the second worker went on from what the first one had kept"
    one, two = items(resumed), items(whole)
    assert [item["frame"] for item in one] == [item["frame"] for item in two]
    same = [a["state"] == b["state"] and a["box"] == b["box"] for a, b in zip(one, two, strict=True)]
    # Features of batches of another size may differ in their last bit.
    assert np.mean(same) > 0.98
    assert not segments(own), "what was kept goes with the job"


@pytest.mark.slow
async def test_cancelling_takes_a_second(client, film_id):
    job_id = await submitted(client, film_id)

    async def tracking() -> bool:
        return (await job(client, job_id))["progress"]["done"] > 0

    await until(tracking, 60)
    began = time.monotonic()
    await client.delete(f"/jobs/{job_id}")
    assert (await ended(client, job_id, 10))["status"] == "cancelled"
    assert time.monotonic() - began < 3
