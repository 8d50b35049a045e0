"""One platform for the tests of characters, with an example generator as a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.integration.conftest import StartPlatform
from tests.integration.main_path.photographs import NAMES, SAME_PICTURE, jpeg, picture
from tests.integration.platform import Platform


@pytest.fixture(scope="package")
async def served(start_platform: StartPlatform) -> AsyncIterator[Platform]:
    running = await start_platform()
    yield running
    await running.stop()


@pytest.fixture(scope="package")
async def api(served: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with served.client() as client:
        yield client


@pytest.fixture(scope="package")
async def library(api: httpx.AsyncClient) -> dict[str, str]:
    """Asset ids of photographs by name, and of changed copies of the astronaut."""
    ids = {name: await upload(api, jpeg(name)) for name in NAMES}
    return ids | {name: await upload(api, change(picture("astronaut"))) for name, change in SAME_PICTURE.items()}


async def upload(api: httpx.AsyncClient, data: bytes, name: str = "picture.jpg") -> str:
    answer = await api.post("/upload-media", files={"file": (name, data)})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]
