"""Objects followed through films over the REST surface."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.platform import Platform
from tests.integration.video.films import HEIGHT, WIDTH, encoded, photograph

THING = (64, 64)


def walk(seconds: float, hidden: tuple[int, int] = (0, 0)) -> list[np.ndarray]:
    """A face that goes to the right over a table, and is gone in frames [first, last)."""
    ground = photograph("coffee")[20 : 20 + HEIGHT, 20 : 20 + WIDTH]
    face = np.asarray(Image.fromarray(photograph("astronaut")).crop((110, 10, 260, 160)).resize(THING))
    frames = []
    for number in range(round(seconds * 25)):
        frame = ground.copy()
        if not hidden[0] <= number < hidden[1]:
            left, top = place(number)
            frame[top : top + THING[1], left : left + THING[0]] = face
        frames.append(frame)
    return frames


def place(number: int) -> tuple[int, int]:
    """Left and top of the face in a frame."""
    return 20 + 2 * number, 50


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


@pytest.fixture(scope="module")
async def film_id(client: httpx.AsyncClient) -> str:
    answer = await client.post("/upload-media", files={"file": ("walk.mp4", encoded(walk(4, hidden=(30, 50))))})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


async def tracked(client: httpx.AsyncClient, film_id: str, **more) -> httpx.Response:
    body = {"video_asset_id": film_id, "objects": [{"label": "face", "box": [*place(0), *THING]}], **more}
    return await client.post("/track-objects?wait=90", json=body)


async def test_an_object_is_followed_lost_and_found(client, film_id):
    answer = await tracked(client, film_id)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    for item in found["objects"][0]["items"]:
        print(item)
    print({k: v for k, v in found.items() if k != "objects"}, found["objects"][0]["summary"])
