"""A gateway of its own that may reach this machine, and a receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.integration.gateway.conftest import StartGateway, settings_of, start_gateway
from tests.integration.platform import Platform
from tests.integration.webhooks.receiver import Receiver

from dino_common.bus.connection import Connection
from dino_common.settings import Settings
from dino_common.stores.mongo import Mongo

__all__ = ["settings_of", "start_gateway"]

QUICK = {
    "DINO_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
    "DINO_WEBHOOK_FIRST_RETRY": "0.05",
    "DINO_WEBHOOK_TIMEOUT": "1",
    "DINO_WEBHOOK_MAX_ATTEMPTS": "4",
    "DINO_WEBHOOK_SECRET_KEYS": "a key of the tests that is long enough",
}


@pytest.fixture(scope="session")
async def gateway(start_gateway: StartGateway) -> Platform:
    return await start_gateway(**QUICK)


@pytest.fixture(scope="session")
async def client(gateway: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.client() as found:
        yield found


@pytest.fixture(scope="session")
def settings(gateway: Platform) -> Settings:
    return Settings.model_validate(gateway.environment)


@pytest.fixture(scope="session")
async def connection(settings: Settings) -> AsyncIterator[Connection]:
    opened = Connection(settings, "webhook-tests")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def mongo(settings: Settings) -> AsyncIterator[Mongo]:
    opened = await Mongo.connect(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    running = await Receiver().start()
    yield running
    await running.stop()
