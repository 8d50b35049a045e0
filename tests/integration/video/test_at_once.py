"""Several analyses of one film at once: each answers in full, and no keyframe of the last one is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.video.films import encoded, pan_right, photograph, static

NAMES = ("coffee", "chelsea", "astronaut", "rocket", "camera", "page", "coins", "moon")


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


@pytest.fixture(scope="module")
def film() -> bytes:
    """Eight shots of a second."""
    shots = [static(photograph(n), 1.0) if i % 2 else pan_right(photograph(n), 1.0) for i, n in enumerate(NAMES)]
    return encoded([frame for shot in shots for frame in shot])


async def submitted(client: httpx.AsyncClient, film_id: str, **more: Any) -> str:
    answer = await client.post("/analyze-video-shots?wait=0", json={"video_asset_id": film_id, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


async def ended(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def over() -> bool:
        nonlocal found
        found = (await client.get(f"/jobs/{job_id}")).json()
        return found["status"] in ("succeeded", "failed", "cancelled")

    await until(over, 240)
    return found


def named(shots: list[dict[str, Any]]) -> set[str]:
    return {frame["asset_id"] for shot in shots for frame in shot["keyframes"]}


@pytest.mark.slow
async def test_analyses_of_one_film_at_once_lose_nothing(client: httpx.AsyncClient, film: bytes) -> None:
    answer = await client.post("/upload-media", files={"file": ("film.mp4", film)})
    film_id = answer.json()["asset_id"]
    first = await ended(client, await submitted(client, film_id))
    assert first["status"] == "succeeded", first

    # A detector of fades sees no cut: one shot with other keyframes, so that each has something to remove.
    asked: list[dict[str, Any]] = [{}, {"detector": "threshold"}, {"shot_detection_threshold": 0.35}, {}]
    jobs = [await submitted(client, film_id, **one) for one in asked]
    found = await asyncio.gather(*(ended(client, one) for one in jobs))
    for one in found:
        assert one["status"] == "succeeded", one
        assert len(one["result"]["shot_analyses"]) == one["result"]["total_shots"]
        assert all(shot["keyframe_features"] for shot in one["result"]["shot_analyses"])
    assert len({one["result"]["total_shots"] for one in found}) > 1

    shown = (await client.get(f"/videos/{film_id}/analysis", params={"limit": 100})).json()
    newest = max(found, key=lambda one: one["finished_at"])
    assert shown["analysis_id"] == newest["job_id"]
    assert len(shown["items"]) == shown["total_shots"]
    listed = await client.get("/assets", params={"derived_from": film_id, "limit": 200})
    assert {item["asset_id"] for item in listed.json()["items"]} == named(shown["items"])
