"""Shots of a film with a person and of one without: faces tell the scale of the first alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from PIL import Image
from skimage import data
from tests.integration.platform import Platform
from tests.integration.video.films import HEIGHT, WIDTH, encoded, photograph, static


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


def portrait(top: int, side: int) -> np.ndarray:
    """The astronaut, cut so that the face takes more or less of the frame's height."""
    width = round(side * WIDTH / HEIGHT)
    left = max(0, 222 - width // 2)
    part = Image.fromarray(data.astronaut()).crop((left, top, left + width, top + side))
    return np.asarray(part.resize((WIDTH, HEIGHT)))


async def shots_of(client: httpx.AsyncClient, frames: list[np.ndarray]) -> list[dict]:
    answer = await client.post("/upload-media", files={"file": ("film.mp4", encoded(frames))})
    asset_id = answer.json()["asset_id"]
    answer = await client.post(
        "/analyze-video-shots?wait=90", json={"video_asset_id": asset_id, "extract_keyframes": False}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["shot_analyses"]


async def test_faces_tell_the_scale_of_each_shot(client: httpx.AsyncClient):
    # The face is about 110 pixels high: a third of the first cut, six tenths of the second.
    frames = [portrait(10, 330)] * 50 + [portrait(30, 176)] * 50
    medium, close = await shots_of(client, frames)
    assert (medium["shot_scale"], close["shot_scale"]) == ("medium_close_up", "close_up")
    for shot in (medium, close):
        assert shot["shot_scale_source"] == "faces"
        assert shot["faces"] == 1
        assert shot["confidence"]["shot_scale"] > 0.5
        assert shot["camera_angle"] == shot["shot_scale"]


async def test_a_film_without_people_has_no_faces(client: httpx.AsyncClient):
    shots = await shots_of(client, static(photograph("coffee"), 2.0))
    assert [shot["faces"] for shot in shots] == [0]
    assert shots[0]["shot_scale_source"] != "faces"
