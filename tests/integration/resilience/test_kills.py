"""kill -9 in the middle of 200 requests: each ends in an answer or a typed error, nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.conftest import StartPlatform
from tests.integration.main_path.photographs import encoded, jpeg, picture
from tests.integration.platform import Platform, Servers
from tests.unit.inference.tiny_models import write_tiny_vit

from dino_common.bus.rollout_link import RolloutLink

REQUESTS = 200
Request = Callable[[], Awaitable[httpx.Response]]
TYPED = {"SERVICE_UNAVAILABLE", "MODEL_NOT_LOADED", "TIMEOUT", "CONFLICT"}
DEADLINE_SECONDS = 90


@pytest.fixture(scope="module")
async def own(start_platform: StartPlatform, tmp_path_factory) -> AsyncIterator[Platform]:
    """A platform to break; its tiny model leaves the time to the faults."""
    directory = tmp_path_factory.mktemp("model") / "tiny-vit"
    write_tiny_vit(directory)
    running = await start_platform(DINOV3_MODEL_NAME=str(directory), DINO_EXTRACT_ON_UPLOAD="false")
    yield running
    await running.stop()


@pytest.fixture
async def link(own: Platform) -> AsyncIterator[RolloutLink]:
    """The platform's bus, as the operator sees it."""
    opened = await RolloutLink.open(own.environment["NATS_URL"], "default", own.name)
    yield opened
    await opened.close()


def variant(number: int) -> bytes:
    """A photograph of its own: no two requests share a computation."""
    pixels = np.asarray(picture("astronaut").resize((128, 128))).copy()
    pixels[0, 0] = (number % 256, number // 256, 7)
    return encoded(Image.fromarray(pixels), "PNG")


async def upload_many(api: httpx.AsyncClient, numbers: range) -> list[str]:
    async def one(number: int) -> str:
        answer = await api.post("/upload-media", files={"file": (f"{number}.png", variant(number))})
        assert answer.status_code == 200, answer.text
        return answer.json()["asset_id"]

    ids: list[str] = []
    for start in range(numbers.start, numbers.stop, 16):
        ids += await asyncio.gather(*(one(n) for n in range(start, min(start + 16, numbers.stop))))
    return ids


async def fault_during(
    requests: list[Request],
    fault: Callable[[], Awaitable[None]],
) -> Counter[str]:
    """Send everything, let the fault happen once a tenth is answered, and count how the requests ended."""
    ends: Counter[str] = Counter()
    enough = asyncio.Event()

    async def send(request: Request) -> None:
        answer = await request()
        if answer.status_code == 200:
            ends["ok"] += 1
        else:
            ends[answer.json()["error"]["code"]] += 1
        if sum(ends.values()) >= len(requests) // 10:
            enough.set()

    tasks = [asyncio.create_task(send(request)) for request in requests]
    await enough.wait()
    await fault()
    began = time.monotonic()
    await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE_SECONDS)
    assert time.monotonic() - began < DEADLINE_SECONDS
    assert sum(ends.values()) == len(requests)
    assert set(ends) <= {"ok", *TYPED}, ends
    return ends


async def all_readable(api: httpx.AsyncClient, ids: list[str]) -> None:
    for asset_id in ids[:: max(1, len(ids) // 25)]:
        assert (await api.get(f"/assets/{asset_id}")).status_code == 200
        assert (await api.get(f"/assets/{asset_id}/content")).status_code == 200


def extraction(api: httpx.AsyncClient, asset_id: str) -> Request:
    return lambda: api.post("/extract-features", json={"asset_id": asset_id})


async def test_killed_inference(own: Platform):
    async with own.client(timeout=DEADLINE_SECONDS, limits=httpx.Limits(max_connections=REQUESTS)) as api:
        ids = await upload_many(api, range(REQUESTS))

        async def fault() -> None:
            await own.kill("inference")
            await own.restart("inference")

        ends = await fault_during([extraction(api, i) for i in ids], fault)
        assert ends["ok"] >= REQUESTS // 10
        await all_readable(api, ids)
        after = [await extraction(api, i)() for i in ids[:5]]
        assert [a.status_code for a in after] == [200] * 5


async def test_killed_analytics(own: Platform):
    async with own.client(timeout=DEADLINE_SECONDS, limits=httpx.Limits(max_connections=REQUESTS)) as api:
        ids = await upload_many(api, range(1000, 1020))
        for asset_id in ids:
            assert (await extraction(api, asset_id)()).status_code == 200

        def request(number: int) -> Request:
            pair = {"asset_id_1": ids[number % 20], "asset_id_2": ids[(number * 7 + 1) % 20]}
            if number % 2:
                return lambda: api.post("/validate-consistency", json=pair)
            return lambda: api.post("/analyze-quality", json={"asset_id": pair["asset_id_1"]})

        async def fault() -> None:
            await own.kill("analytics")
            await own.restart("analytics")

        ends = await fault_during([request(n) for n in range(REQUESTS)], fault)
        assert ends["ok"] >= REQUESTS // 10
        assert (await request(1)()).status_code == 200
        found = await api.post("/find-similar", json={"asset_id": ids[0], "limit": 100})
        assert found.status_code == 200


async def test_killed_nats(own: Platform, servers: Servers):
    async with own.client(timeout=DEADLINE_SECONDS, limits=httpx.Limits(max_connections=REQUESTS)) as api:
        ids = await upload_many(api, range(2000, 2000 + REQUESTS))

        async def fault() -> None:
            await servers.kill("nats")
            await servers.restart("nats")

        ends = await fault_during([extraction(api, i) for i in ids], fault)
        assert ends["ok"] >= REQUESTS // 10
        await all_readable(api, ids)
        for service in ("inference", "analytics", "gateway"):
            await own.wait_ready(service)
        after = [await extraction(api, i)() for i in ids[-5:]]
        assert [a.status_code for a in after] == [200] * 5


async def test_uploads_acknowledged_before_the_gateway_is_killed_are_there_afterwards(own: Platform):
    acknowledged: list[str] = []
    enough = asyncio.Event()
    async with own.client(timeout=30) as api:

        async def send(number: int) -> None:
            try:
                answer = await api.post("/upload-media", files={"file": ("a.png", variant(number))})
            except httpx.TransportError:
                return  # never acknowledged
            if answer.status_code == 200:
                acknowledged.append(answer.json()["asset_id"])
            if len(acknowledged) >= 10:
                enough.set()

        tasks = [asyncio.create_task(send(n)) for n in range(3000, 3060)]
        await enough.wait()
        await own.kill("gateway")
        await asyncio.gather(*tasks)
    await own.restart("gateway")
    async with own.client() as api:
        for asset_id in acknowledged:
            assert (await api.get(f"/assets/{asset_id}/content")).status_code == 200


async def test_redis_down_is_slower_and_never_wrong(own: Platform, servers: Servers, link: RolloutLink):
    async with own.client() as api:
        asset_id = (await upload_many(api, range(4000, 4001)))[0]
        before = (await extraction(api, asset_id)()).json()["features"]
        await servers.kill("redis")
        try:
            without = await extraction(api, asset_id)()
            assert without.json()["features"] == before
            gone = (await upload_many(api, range(4001, 4002)))[0]
            assert (await extraction(api, gone)()).status_code == 200
            health = (await api.get("/health")).json()
            assert (health["status"], health["cache"]["connected"]) == ("degraded", False)
            told = await link.gateway()
            assert told is not None
            assert (told.ready, told.reasons) == (True, ["Redis does not answer; requests are slower without it"])
            assert (await api.delete(f"/assets/{gone}")).status_code == 200
        finally:
            await servers.restart("redis")
        assert (await extraction(api, gone)()).status_code == 404
        assert (await extraction(api, asset_id)()).json()["features"] == before


async def test_sigterm_of_inference_drops_no_request(own: Platform):
    async with own.client(timeout=DEADLINE_SECONDS, limits=httpx.Limits(max_connections=REQUESTS)) as api:
        # Half of what the others send: all that it holds has to be answered within the time it has to stop.
        half = REQUESTS // 2
        ids = await upload_many(api, range(5000, 5000 + half))

        async def fault() -> None:
            assert await own.terminate("inference"), "it had to be killed"
            await own.restart("inference")

        ends = await fault_during([extraction(api, i) for i in ids], fault)
        # What it held was answered; what came while nobody was there waited or was told so.
        assert ends["ok"] + ends["MODEL_NOT_LOADED"] == half, ends


async def test_photographs_still_work_after_all_that(own: Platform):
    async with own.client() as api:
        answer = await api.post("/upload-media", files={"file": ("a.jpg", jpeg("coffee"))})
        assert (await extraction(api, answer.json()["asset_id"])()).status_code == 200
