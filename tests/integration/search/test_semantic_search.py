"""Search by words over REST, on a whole platform."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.search.pictures import noise, upload


async def search(client: httpx.AsyncClient, query: str, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/semantic-search", json={"query_text": query, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
async def searched(start_platform) -> Platform:
    return await start_platform(DINO_IMAGE_TEXT_MODEL="off")


@pytest.fixture(scope="module")
async def library(searched: Platform) -> dict[str, str]:
    """Ids of uploaded pictures by a short name."""
    async with searched.client() as client:
        empty = await search(client, "anything at all")
        assert empty["items"] == empty["results"] == []
        assert empty["next_cursor"] is None
        ids = {
            "car": await upload(client, noise(1), "red_sportsCar-07.jpg", "street,city", price=30, maker="Falkenberg"),
            "cat": await upload(client, noise(2), "IMG_2034.jpg", "kitten,sofa", price=10, indoor=True),
            "boat": await upload(client, noise(3), "sailing boat.jpg", "sea", price=20),
            "serial": await upload(client, noise(4), "DSC_0001.jpg"),
        }

        async def indexed() -> bool:
            answer = await search(client, "boat")
            return answer["sources"][0]["indexed"] == len(ids)

        await until(indexed, 60)  # the text model is loaded at the first text
    return ids


async def test_a_described_look_is_searched(searched: Platform, library: dict[str, str]):
    async with searched.client() as client:
        described = (await client.post("/describe-visuals", json={"asset_id": library["serial"]})).json()

        async def first() -> dict[str, Any]:
            return (await search(client, described["text"], limit=1))["items"][0]

        async def known() -> bool:
            return any("look" in reason["matched"] for reason in (await first())["why"] if reason["source"] == "words")

        await until(known)
        assert (await first())["asset_id"] == library["serial"]


async def test_best_hit_is_what_the_words_mean_and_says_why(searched: Platform, library: dict[str, str]):
    async with searched.client() as client:
        found = await search(client, "an automobile in an urban setting", limit=4)
        assert found["results"] == found["items"]
        best = found["items"][0]
        assert best["asset_id"] == library["car"]
        assert best["score"] > found["items"][1]["score"]
        assert best["similarity_score"] == pytest.approx(100 * best["score"], abs=0.051)
        reasons = {reason["source"]: reason for reason in best["why"]}
        assert reasons["text"]["cosine_similarity"] > 0.3
        words = (await search(client, "Falkenberg cars"))["items"][0]
        assert words["asset_id"] == library["car"]
        matched = next(reason["matched"] for reason in words["why"] if reason["source"] == "words")
        assert matched == {"filename": ["car"], "metadata": ["falkenberg"]}


async def test_number_of_a_file_is_found(searched: Platform, library: dict[str, str]):
    async with searched.client() as client:
        assert (await search(client, "2034"))["items"][0]["asset_id"] == library["cat"]


async def test_given_assets_alone_are_ranked_though_uploaded_this_moment(searched: Platform, library: dict[str, str]):
    async with searched.client() as client:
        new = await upload(client, noise(5), "violin on a table.jpg")
        found = await search(client, "music", asset_ids=[library["boat"], new], limit=10)
        assert [item["asset_id"] for item in found["items"]] == [new, library["boat"]]
        unknown = await client.post(
            "/semantic-search", json={"query_text": "x", "asset_ids": ["00000000-0000-4000-8000-000000000000"]}
        )
        assert unknown.status_code == 404
        assert unknown.json()["error"]["code"] == "ASSET_NOT_FOUND"
        assert (await client.delete(f"/assets/{new}")).status_code < 300


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"metadata": {"price": {"gte": 20}}}, {"car", "boat"}),
        ({"metadata": {"price": {"gt": 10, "lt": 30}}}, {"boat"}),
        ({"metadata": {"price": {"any_of": [10, 30]}}}, {"car", "cat"}),
        ({"metadata": {"price": {"exists": False}}}, {"serial"}),
        ({"metadata": {"maker": {"none_of": ["Falkenberg"]}}}, {"cat", "boat", "serial"}),
        ({"metadata": {"maker": "Falkenberg"}, "tags_any": ["city"]}, {"car"}),
        ({"metadata": {"indoor": {"equals": True}}}, {"cat"}),
        ({"metadata": {"maker": {"gte": 1}}}, set()),
        ({"kind": "video"}, set()),
    ],
)
async def test_filters_on_any_metadata(searched: Platform, library: dict[str, str], filters, expected):
    async with searched.client() as client:
        found = await search(client, "a thing", filters=filters, limit=100)
        ids = {item["asset_id"] for item in found["items"]} & set(library.values())
        assert ids == {library[name] for name in expected}


async def test_empty_condition_is_refused(searched: Platform):
    async with searched.client() as client:
        answer = await client.post("/semantic-search", json={"query_text": "x", "filters": {"metadata": {"price": {}}}})
        assert answer.status_code == 422


async def test_pages_hold_each_hit_once_in_order(searched: Platform, library: dict[str, str]):
    async with searched.client() as client:
        whole = (await search(client, "a boat at sea", limit=100))["items"]
        cursor, seen = None, []
        while True:
            page = await search(client, "a boat at sea", limit=2, **({"cursor": cursor} if cursor else {}))
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert [item["asset_id"] for item in seen] == [item["asset_id"] for item in whole]
        least = whole[1]["score"]
        above = (await search(client, "a boat at sea", limit=100, min_score=least))["items"]
        assert [item["asset_id"] for item in above] == [item["asset_id"] for item in whole[:2]]


async def test_changed_tags_and_stored_shots_are_found(searched: Platform, library: dict[str, str]):
    async with searched.client() as client:
        changed = await client.patch(f"/assets/{library['serial']}", json={"tags": ["grand piano"]})
        assert changed.status_code == 200

        async def found() -> bool:
            best = (await search(client, "pianos"))["items"][0]
            return best["asset_id"] == library["serial"]

        await until(found)
