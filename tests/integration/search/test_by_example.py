"""Search by a picture that is not stored, and recommendations by examples, on a whole platform."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.search.pictures import noise, upload

COUNT = 8


@pytest.fixture(scope="module")
async def stocked(start_platform) -> tuple[Platform, list[str]]:
    """A platform with eight pictures, all indexed; their metadata number them."""
    platform: Platform = await start_platform(DINO_IMAGE_TEXT_MODEL="off", MAX_FILE_SIZE_MB="40")
    async with platform.client() as client:
        ids = [await upload(client, noise(100 + n), f"{n}.jpg", number=n) for n in range(COUNT)]

        async def indexed() -> bool:
            answer = await client.post("/find-similar", json={"asset_id": ids[0]})
            return answer.status_code == 200 and answer.json()["indexed"] == COUNT

        await until(indexed, 60)
    return platform, ids


async def by_image(client: httpx.AsyncClient, data: bytes, name: str = "x.jpg", **fields: Any) -> httpx.Response:
    return await client.post("/search-by-image", files={"file": (name, data)}, data=fields)


async def stats(client: httpx.AsyncClient) -> tuple[int, int]:
    found = (await client.get("/stats")).json()
    assets = (await client.get("/assets", params={"limit": 200})).json()["items"]
    return len(assets), json.dumps(found).count("scratch")


async def test_picture_finds_itself_and_nothing_of_it_stays(stocked):
    platform, ids = stocked
    async with platform.client() as client:
        before = await stats(client)
        answer = await by_image(client, noise(103), limit=3)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["asset_id"] is None
        assert found["items"][0]["asset_id"] == ids[3]
        assert found["items"][0]["cosine_similarity"] > 0.999
        assert len(found["items"]) == 3
        assert await stats(client) == before


async def test_pages_filters_and_least_similarity(stocked):
    platform, ids = stocked
    async with platform.client() as client:
        seen, cursor = [], None
        while True:
            page = (await by_image(client, noise(100), limit=3, **({"cursor": cursor} if cursor else {}))).json()
            seen += [item["asset_id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert sorted(seen) == sorted(ids)
        filters = json.dumps({"metadata": {"number": {"gte": 5}}})
        some = (await by_image(client, noise(100), filters=filters)).json()["items"]
        assert {item["asset_id"] for item in some} == set(ids[5:])
        same = (await by_image(client, noise(100), min_similarity=0.99)).json()["items"]
        assert [item["asset_id"] for item in same] == [ids[0]]


async def test_large_file_is_searched_and_leaves_no_object(stocked):
    platform, _ = stocked
    pixels = np.random.default_rng(7).integers(0, 255, (1700, 1700, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    assert len(file.getvalue()) > 8 * 1024 * 1024
    async with platform.client() as client:
        answer = await by_image(client, file.getvalue(), "large.png")
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["items"]) == COUNT


@pytest.mark.parametrize(
    ("data", "fields", "status"),
    [
        (b"no picture at all", {}, 400),
        (noise(1)[:400], {}, 400),
        (noise(1), {"limit": "0"}, 422),
        (noise(1), {"filters": "[]"}, 422),
        (noise(1), {"filters": "{"}, 422),
        (noise(1), {"colour": "red"}, 422),
        (noise(1), {"cursor": "???"}, 422),
    ],
)
async def test_bad_request_is_refused(stocked, data, fields, status):
    platform, _ = stocked
    async with platform.client() as client:
        answer = await by_image(client, data, **fields)
        assert answer.status_code == status, answer.text


async def recommend(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/recommend", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("strategy", ["mean_difference", "best_score"])
async def test_copy_of_a_positive_comes_first_and_of_a_negative_last(stocked, strategy: str):
    platform, ids = stocked
    async with platform.client() as client:
        copies = [await upload(client, noise(n, quality=60), "copy.jpg") for n in (100, 101)]
        try:
            fields = {"positive": [ids[0], ids[2]], "negative": [ids[1]], "strategy": strategy, "limit": 100}

            async def indexed() -> bool:
                return (await recommend(client, **fields))["indexed"] == COUNT + 2

            await until(indexed, 60)
            found = (await recommend(client, **fields))["items"]
            assert not {item["asset_id"] for item in found} & {*ids[:3]}
            assert found[0]["asset_id"] == copies[0]
            assert found[-1]["asset_id"] == copies[1]
            assert found[0]["nearest_positive"] > 0.95
            assert found[-1]["nearest_negative"] > 0.95
            scores = [item["score"] for item in found]
            assert scores == sorted(scores, reverse=True)
            seen, cursor = [], None
            while True:
                page = await recommend(client, **fields | {"limit": 2} | ({"cursor": cursor} if cursor else {}))
                seen += [item["asset_id"] for item in page["items"]]
                if (cursor := page["next_cursor"]) is None:
                    break
            assert seen == [item["asset_id"] for item in found]
        finally:
            for copy in copies:
                await client.delete(f"/assets/{copy}")


async def test_examples_may_be_features(stocked):
    platform, ids = stocked
    async with platform.client() as client:
        taken = (await client.post("/extract-features", json={"asset_id": ids[4]})).json()
        fields = {"positive_features": [taken["features"]], "model_version": taken["model_version"], "limit": 1}
        assert (await recommend(client, **fields))["items"][0]["asset_id"] == ids[4]
        other = await client.post("/recommend", json=fields | {"model_version": "other@1"})
        assert other.status_code == 409


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"negative": ["00000000-0000-4000-8000-000000000000"]},
        {"positive_features": [[1.0, 2.0]]},
        {"positive": ["00000000-0000-4000-8000-000000000000"], "negative": ["00000000-0000-4000-8000-000000000000"]},
    ],
)
async def test_recommendation_without_sense_is_refused(stocked, fields):
    platform, _ = stocked
    async with platform.client() as client:
        assert (await client.post("/recommend", json=fields)).status_code == 422
