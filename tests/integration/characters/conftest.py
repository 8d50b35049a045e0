"""One platform for the tests of characters, with an example generator as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from tests.integration.conftest import StartPlatform
from tests.integration.main_path.photographs import NAMES, SAME_PICTURE, jpeg, picture
from tests.integration.platform import CHECKOUT, Platform

KEY = "generators-key"


@dataclass
class ExampleGenerator:
    """The example generator as a process; ``orders`` are what it printed of each order that it served."""

    process: asyncio.subprocess.Process
    url: str
    orders: list[str] = field(default_factory=list)
    reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, *options: str) -> ExampleGenerator:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "examples.generator", "--port", "0", *options),
            stdout=asyncio.subprocess.PIPE,
            cwd=CHECKOUT,
            env={**os.environ, "GENERATOR_KEY": KEY},
        )
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
        running = cls(process, url)
        running.reader = asyncio.create_task(running._read())
        return running

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.orders.append(line.decode())

    async def stop(self) -> None:
        self.process.terminate()
        await self.process.wait()
        assert self.reader is not None
        await self.reader


@pytest.fixture(scope="package")
async def generator() -> AsyncIterator[ExampleGenerator]:
    """Its first picture of a character is unrecognisable, the next is close to the reference."""
    running = await ExampleGenerator.start("--strength", "0.95", "--answer", "url")
    yield running
    await running.stop()


@pytest.fixture(scope="package")
async def served(start_platform: StartPlatform, generator: ExampleGenerator) -> AsyncIterator[Platform]:
    running = await start_platform(DINO_GENERATOR_URL=generator.url, DINO_GENERATOR_API_KEY=KEY)
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
