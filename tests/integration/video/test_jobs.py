"""Long films as jobs: a killed worker's job is finished by the next one with the same result; cancelling is quick."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.video.films import encoded, pan_right, photograph, static

StartPlatform = Callable[..., Awaitable[Platform]]
NAMES = ("coffee", "chelsea", "astronaut", "rocket", "camera", "page")


@pytest.fixture(scope="module")
async def own(start_platform: StartPlatform) -> AsyncIterator[Platform]:
    """A platform of its own, whose video service may be killed."""
    platform = await start_platform()
    yield platform
    await platform.stop()


@pytest.fixture(scope="module")
def film() -> bytes:
    """Three minutes, so three stretches that are decoded and kept one after the other: 24 shots of 7.5 seconds."""
    shots = [static(photograph(n), 7.5) if i % 2 else pan_right(photograph(n), 7.5) for i, n in enumerate(NAMES)]
    return encoded([frame for _ in range(4) for shot in shots for frame in shot])


@pytest.fixture(scope="module")
async def client(own: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with own.client(timeout=120) as found:
        yield found


async def submitted(client: httpx.AsyncClient, film: bytes) -> str:
    uploaded = await client.post("/upload-media", files={"file": ("long.mp4", film)})
    body = {"video_asset_id": uploaded.json()["asset_id"]}
    answer = await client.post("/analyze-video-shots?wait=0", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


async def job(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    return (await client.get(f"/jobs/{job_id}")).json()


async def ended(client: httpx.AsyncClient, job_id: str, seconds: float = 240) -> dict[str, Any]:
    async def over() -> bool:
        return (await job(client, job_id))["status"] in ("succeeded", "failed", "cancelled")

    await until(over, seconds)
    return await job(client, job_id)


def seen(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What an analysis found, without the names of stored things."""
    shots = [dict(shot) for shot in result["shot_analyses"]]
    for shot in shots:
        shot["keyframe_features"] = [round(x, 4) for x in shot["keyframe_features"]]
        shot["keyframes"] = [{k: v for k, v in frame.items() if k != "asset_id"} for frame in shot["keyframes"]]
    return shots


@pytest.mark.slow
async def test_another_worker_finishes_what_a_killed_one_began(own, client, film):
    whole = await ended(client, await submitted(client, film))
    assert whole["status"] == "succeeded", whole
    assert whole["result"]["total_shots"] == 24

    job_id = await submitted(client, film)

    async def halfway() -> bool:
        told = (await job(client, job_id))["progress"]
        return told["stage"] == "decoding" and told["fraction"] >= 0.5

    await until(halfway, 120)
    await own.kill("video")
    await own.restart("video")
    resumed = await ended(client, job_id)
    assert resumed["status"] == "succeeded", resumed
    assert resumed["attempts"] >= 2
    assert seen(resumed["result"]) == seen(whole["result"])
    log = own.log("video")
    assert "resumes" in log, "the second worker decoded what the first one had kept"


@pytest.mark.slow
async def test_cancelling_takes_a_second(client, film):
    job_id = await submitted(client, film)

    async def decoding() -> bool:
        return (await job(client, job_id))["progress"]["done"] > 0

    await until(decoding, 60)
    began = time.monotonic()
    await client.delete(f"/jobs/{job_id}")
    assert (await ended(client, job_id, 10))["status"] == "cancelled"
    assert time.monotonic() - began < 5
