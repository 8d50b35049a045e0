"""A gateway process alone on the real servers: most of what it does needs no other service."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.platform import Platform, Servers, plan_test_platform

from dino_common.settings import Settings
from dino_local import checks
from dino_local.process import Child
from dino_local.services import service_program

_numbers = itertools.count(1)
StartGateway = Callable[..., Awaitable[Platform]]


@pytest.fixture(scope="session")
async def start_gateway(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StartGateway]:
    """Factory of gateways: ``await start_gateway(DINO_AUTH="on")``; each has a deployment of its own."""
    running: list[Platform] = []

    async def start(**environment: str) -> Platform:
        platform = plan_test_platform(servers, tmp_path_factory.mktemp("gateway"), environment)
        program = service_program("gateway", platform.endpoints, platform.directory, platform.environment)
        # Without the other services it never gets ready; being alive is enough here.
        live = f"{platform.base_url}/live"
        program = replace(program, check=lambda: checks.check_http(live))
        log = platform.directory / "log" / "gateway.log"
        platform.children["gateway"] = Child(program, log_file=log, guard=servers.guard)
        running.append(platform)
        await platform.children["gateway"].start()
        await platform.wait_ready("gateway")
        return platform

    yield start
    await asyncio.gather(*(platform.stop() for platform in running))


@pytest.fixture(scope="session")
async def gateway(start_gateway: StartGateway) -> Platform:
    """The gateway that most tests share: no keys asked, limits out of the way."""
    return await start_gateway()


@pytest.fixture(scope="session")
async def client(gateway: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the shared gateway."""
    async with gateway.client() as found:
        yield found


@pytest.fixture
def photo() -> bytes:
    """A JPEG that no other test has."""
    noise = np.random.default_rng(next(_numbers)).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def settings_of() -> Callable[[Platform], Settings]:
    """Make the settings that a process of the platform has."""
    return lambda platform: Settings.model_validate(platform.environment)
