"""Films as jobs: what a killed worker began ends with the same result, and films share workers fairly."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.video.films import encoded, pan_right, photograph, static

from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.services import service_program

StartPlatform = Callable[..., Awaitable[Platform]]
NAMES = ("coffee", "chelsea", "astronaut", "rocket", "camera", "page")


@pytest.fixture(scope="module")
async def own(start_platform: StartPlatform) -> AsyncIterator[Platform]:
    """A platform of its own, whose video service may be killed."""
    platform = await start_platform()
    yield platform
    await platform.stop()


def shots(seconds: float) -> list[list[Any]]:
    return [static(photograph(n), seconds) if i % 2 else pan_right(photograph(n), seconds) for i, n in enumerate(NAMES)]


@pytest.fixture(scope="module")
def film() -> bytes:
    """Three minutes, so three stretches that are decoded and kept one after the other: 24 shots of 7.5 seconds."""
    return encoded([frame for _ in range(4) for shot in shots(7.5) for frame in shot])


@pytest.fixture(scope="module")
def short() -> bytes:
    """Six shots of a second and a half."""
    return encoded([frame for shot in shots(1.5) for frame in shot])


@pytest.fixture(scope="module")
async def client(own: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with own.client(timeout=120) as found:
        yield found


async def uploaded(client: httpx.AsyncClient, film: bytes) -> str:
    answer = await client.post("/upload-media", files={"file": ("long.mp4", film)})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


async def submitted(client: httpx.AsyncClient, film_id: str) -> str:
    answer = await client.post("/analyze-video-shots?wait=0", json={"video_asset_id": film_id})
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


async def job(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    return (await client.get(f"/jobs/{job_id}")).json()


async def ended(client: httpx.AsyncClient, job_id: str, seconds: float = 240) -> dict[str, Any]:
    async def over() -> bool:
        return (await job(client, job_id))["status"] in ("succeeded", "failed", "cancelled")

    await until(over, seconds)
    return await job(client, job_id)


async def reaches(client: httpx.AsyncClient, job_id: str, stage: str, fraction: float) -> None:
    """Wait until the job is this far in a stage, and is no farther than the stage."""

    async def there() -> bool:
        told = await job(client, job_id)
        assert told["status"] in ("queued", "running"), told
        return told["progress"]["stage"] == stage and told["progress"]["fraction"] >= fraction

    await until(there, 240)


def seen(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What an analysis found, without the names of stored things."""
    shots = [dict(shot) for shot in result["shot_analyses"]]
    for shot in shots:
        shot["keyframe_features"] = [round(x, 4) for x in shot["keyframe_features"]]
        shot["keyframes"] = [{k: v for k, v in frame.items() if k != "asset_id"} for frame in shot["keyframes"]]
    return shots


@pytest.fixture(scope="module")
async def whole(client: httpx.AsyncClient, film: bytes) -> dict[str, Any]:
    """What an undisturbed worker finds in the film."""
    found = await ended(client, await submitted(client, await uploaded(client, film)))
    assert found["status"] == "succeeded", found
    assert found["result"]["total_shots"] == 24
    return found["result"]


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "resumed_after"), [("decoding", "minute 1"), ("describing shots", "shot 11 of 24")])
async def test_another_worker_finishes_what_was_killed_at_half(own, client, film, whole, stage, resumed_after):
    job_id = await submitted(client, await uploaded(client, film))
    await reaches(client, job_id, stage, 0.5)
    await own.kill("video")
    left = await job(client, job_id)
    assert left["progress"]["stage"] == stage
    assert 0.5 <= left["progress"]["fraction"] < 0.95
    await own.restart("video")
    resumed = await ended(client, job_id)
    assert resumed["status"] == "succeeded", resumed
    assert resumed["attempts"] >= 2
    assert seen(resumed["result"]) == seen(whole)
    mine = [line for line in own.log("video").splitlines() if job_id in line]
    assert any(f"resumes after {resumed_after}" in line for line in mine), "what the first one had kept was used"


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["decoding", "following the camera", "describing shots"])
async def test_cancelling_takes_a_second(client, film, stage):
    job_id = await submitted(client, await uploaded(client, film))
    await reaches(client, job_id, stage, 0.1 if stage == "decoding" else 0)
    began = time.monotonic()
    await client.delete(f"/jobs/{job_id}")
    assert (await ended(client, job_id, 10))["status"] == "cancelled"
    # A second, and what the machine that runs tests may be busy with.
    assert time.monotonic() - began < 2


@pytest.mark.slow
async def test_short_films_do_not_wait_for_a_long_one_to_end(client, film, short):
    long_id = await uploaded(client, film)
    others = [await uploaded(client, short + b"\0" * n) for n in (8, 16, 24)]
    long_job = await submitted(client, long_id)
    await reaches(client, long_job, "decoding", 0.02)
    jobs = [await submitted(client, other) for other in others]
    for one in jobs:
        found = await ended(client, one)
        assert (found["status"], found["result"]["total_shots"]) == ("succeeded", 6)
    # The long one began first, has twenty times as much to do, and is neither held up nor done.
    assert (await job(client, long_job))["status"] == "running"
    assert (await ended(client, long_job))["status"] == "succeeded"


@asynccontextmanager
async def second_worker(own: Platform) -> AsyncIterator[str]:
    """A second process of the video service; the address of its own small HTTP server."""
    assert own.endpoints.admin_ports is not None
    port = PortPicker(prefer_usual=False).pick("video", 3015)
    endpoints = replace(own.endpoints, admin_ports={**own.endpoints.admin_ports, "video": port})
    program = service_program("video", endpoints, own.directory, own.environment)
    child = Child(program, log_file=own.directory / "log" / "video-2.log", guard=own.servers.guard)
    await child.start()
    await child.wait_ready()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await child.stop()


async def analysed_by(address: str) -> float:
    """Return how many analyses a worker has ended."""
    async with httpx.AsyncClient(trust_env=False) as found:
        lines = (await found.get(f"{address}/metrics")).text.splitlines()
    told = [line for line in lines if line.startswith("dino_job") and 'operation="analyze-video-shots"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in told if "_count" in line or "_total" in line)


@pytest.mark.slow
async def test_results_are_the_same_for_one_worker_and_for_two(own, client, short):
    films = [await uploaded(client, short + b"\0" * 8 * n) for n in range(4, 9)]

    async def results() -> list[list[dict[str, Any]]]:
        jobs = [await submitted(client, one) for one in films]
        return [seen((await ended(client, one))["result"]) for one in jobs]

    alone = await results()
    async with second_worker(own) as address:
        before = await analysed_by(own.admin_url("video"))
        together = await results()
        assert await analysed_by(address) > 0, "the second worker had a share"
        assert await analysed_by(own.admin_url("video")) > before, "and so had the first"
    assert together == alone


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"DINO_MAX_VIDEO_SECONDS": "5"}, "exceeds the limit of 5 s"),
        ({"DINO_MAX_VIDEO_FRAMES": "100"}, "exceeds the limit of 100 frames"),
        ({"DINO_MAX_PIXELS": "10000"}, "exceed the limit of 10,000 pixels"),
    ],
    ids=["seconds", "frames", "pixels"],
)
async def test_a_film_beyond_a_limit_is_refused(own, client, short, limit, words):
    film_id = await uploaded(client, short)
    before = {name: own.environment.get(name, "") for name in limit}
    await own.restart("video", **limit)
    try:
        answer = await client.post("/analyze-video-shots?wait=60", json={"video_asset_id": film_id})
    finally:
        own.environment.update(before)
        for name in [name for name, value in before.items() if not value]:
            del own.environment[name]
        await own.restart("video")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "FILE_TOO_LARGE")
    assert words in answer.json()["error"]["message"]
