"""Films scored over the REST surface."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.integration.platform import Platform
from tests.integration.video.films import encoded, pan_right, photograph, static


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


async def uploaded(client: httpx.AsyncClient, content: bytes, name: str) -> str:
    answer = await client.post("/upload-media", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


@pytest.fixture(scope="module")
async def film_id(client: httpx.AsyncClient) -> str:
    """A still shot of two seconds, then two seconds of a pan over another picture."""
    frames = static(photograph("coffee"), 2) + pan_right(photograph("chelsea"), 2)
    return await uploaded(client, encoded(frames), "two-shots.mp4")


async def scored(client: httpx.AsyncClient, film_id: str, **more) -> httpx.Response:
    return await client.post("/score-video?wait=90", json={"video_asset_id": film_id, **more})


async def test_each_shot_is_scored_by_itself(client, film_id):
    answer = await scored(client, film_id, per_shot=True, frames_per_second=2)
    assert answer.status_code == 200, answer.text
    import json

    print(json.dumps(answer.json(), indent=None)[:6000])
