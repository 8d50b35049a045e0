"""Pictures found by what they show, without a word known of them."""

from __future__ import annotations

import asyncio
import io

import pytest
import skimage.data
from PIL import Image
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform

SHOWN = {"chelsea": "a cat", "coffee": "a cup of coffee on a table", "rocket": "a rocket launch"}


def jpeg(name: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(getattr(skimage.data, name)()).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(scope="module")
async def pictured(start_platform) -> tuple[Platform, dict[str, str]]:
    """A platform with the built-in image-text model, and ids of photographs whose names say nothing."""
    platform: Platform = await start_platform()
    ids: dict[str, str] = {}
    async with platform.client() as client:
        for number, name in enumerate(SHOWN):
            file = (f"IMG_{number:04}.jpg", await asyncio.to_thread(jpeg, name), "image/jpeg")
            ids[name] = (await client.post("/upload-media", files={"file": file})).json()["asset_id"]

        async def placed() -> bool:
            answer = (await client.post("/semantic-search", json={"query_text": "x"})).json()
            return answer["sources"][2]["indexed"] == len(SHOWN)

        await until(placed, 90)
    return platform, ids


@pytest.mark.parametrize("name", SHOWN)
async def test_picture_is_found_by_what_it_shows_and_says_what_it_looks_like(pictured, name: str):
    platform, ids = pictured
    async with platform.client() as client:
        answer = (await client.post("/semantic-search", json={"query_text": SHOWN[name]})).json()
    assert {source["source"]: source["state"] for source in answer["sources"]} == dict.fromkeys(
        ("text", "words", "image_text"), "used"
    )
    best = answer["items"][0]
    assert best["asset_id"] == ids[name]
    assert best["why"][0]["source"] == "image_text"
    assert best["why"][0]["looks_like"][0]["probability"] > 0


async def test_new_picture_that_the_client_names_is_placed_before_the_answer(pictured):
    platform, ids = pictured
    async with platform.client() as client:
        file = ("IMG_9999.jpg", await asyncio.to_thread(jpeg, "astronaut"), "image/jpeg")
        new = (await client.post("/upload-media", files={"file": file})).json()["asset_id"]
        asked = {"query_text": "astronaut in a space suit", "asset_ids": [new, ids["coffee"]]}
        answer = (await client.post("/semantic-search", json=asked)).json()
        assert [item["asset_id"] for item in answer["items"]] == [new, ids["coffee"]]
        assert "image_text" in {reason["source"] for reason in answer["items"][0]["why"]}
        assert (await client.delete(f"/assets/{new}")).status_code < 300
