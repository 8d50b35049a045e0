"""Analytics is killed in the middle of uploads, changes and deletions: every index holds exactly the live assets."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.search.pictures import noise, upload

UPLOADS, KILLS = 24, 3
WORDS = (
    *("anchor", "bicycle", "candle", "drum", "envelope", "feather", "guitar", "hammer", "igloo", "jacket", "kettle"),
    *("ladder", "mirror", "needle", "onion", "pillow", "quilt", "ribbon", "saddle", "teapot", "umbrella", "violin"),
    *("walnut", "zebra"),
)


@pytest.fixture(scope="module")
async def killed(start_platform) -> tuple[Platform, dict[str, str]]:
    """A platform whose analytics was killed three times during ingest, and the ids of the live assets by word."""
    platform: Platform = await start_platform()
    live: dict[str, str] = {}
    random_ = random.Random(5)
    async with platform.client() as client:

        async def work() -> None:
            for number, word in enumerate(WORDS[:UPLOADS]):
                live[word] = await upload(client, noise(500 + number), f"{word}.jpg")
                if number % 4 == 3:
                    gone = random_.choice(sorted(live))
                    assert (await client.delete(f"/assets/{live.pop(gone)}")).status_code < 300
                if number % 4 == 1:
                    changed = random_.choice(sorted(live))
                    answer = await client.patch(f"/assets/{live[changed]}", json={"tags": [f"seen{number}"]})
                    assert answer.status_code == 200

        async def kill() -> None:
            for _ in range(KILLS):
                before = len(live)

                async def more(before: int = before) -> bool:
                    return len(live) >= min(before + 3, 15)

                await until(more, 60)
                await platform.kill("analytics")
                await platform.restart("analytics")

        await asyncio.gather(work(), kill())
    return platform, live


async def indexed(client: httpx.AsyncClient, live: dict[str, str]) -> dict[str, int]:
    """How many assets each index holds."""
    counts: dict[str, Any] = {}
    similar = await client.post("/find-similar", json={"asset_id": next(iter(live.values()))})
    if similar.status_code == 200:
        counts["visual"] = similar.json()["indexed"]
    words = await client.post("/semantic-search", json={"query_text": "anything"})
    if words.status_code == 200:
        for source in words.json()["sources"]:
            counts[source["source"]] = source["indexed"] if source["complete"] else None
    return counts


async def test_every_index_holds_exactly_the_live_assets(killed):
    platform, live = killed
    async with platform.client() as client:
        wanted = dict.fromkeys(("visual", "text", "words", "image_text"), len(live))

        async def whole() -> bool:
            return await indexed(client, live) == wanted

        try:
            await until(whole, 90)
        except TimeoutError:
            pytest.fail(f"{await indexed(client, live)} instead of {wanted}")
        for word, asset_id in live.items():
            said = (await client.post("/semantic-search", json={"query_text": word, "limit": 100})).json()["items"]
            assert said[0]["asset_id"] == asset_id
            assert {item["asset_id"] for item in said} == set(live.values())
            sources = {reason["source"] for reason in said[0]["why"]}
            assert sources == {"text", "words", "image_text"}
            fields = {"asset_id": asset_id, "include_self": True, "limit": 100}
            seen = (await client.post("/find-similar", json=fields)).json()["items"]
            assert seen[0]["asset_id"] == asset_id
            assert {item["asset_id"] for item in seen} == set(live.values())
