"""A database, key prefix and bucket of their own for every test module, on the run's real servers."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from tests.integration.platform import Servers

from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord
from dino_common.stores.cache import Cache
from dino_common.stores.mongo import Mongo, ensure_indexes
from dino_common.stores.objects import Objects, object_key

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
MakeAsset = Callable[..., AssetRecord]


@pytest.fixture(scope="module")
def settings(servers: Servers) -> Settings:
    name = f"t{uuid.uuid4().hex[:10]}"
    ends = servers.endpoints
    url, _, options = ends.mongodb_url.partition("?")
    return Settings(
        deployment=name,
        mongodb_url=f"{url.rsplit('/', 1)[0]}/{name}?{options}",
        redis_url=ends.redis_url,
        nats_url=ends.nats_url,
        s3_endpoint=ends.objects.endpoint,
        s3_access_key=ends.objects.access_key_id,
        s3_secret_key=SecretStr(ends.objects.secret_access_key),
        s3_bucket=name,
        s3_public_url=None,
    )


@pytest.fixture(scope="module")
async def mongo(settings: Settings) -> AsyncIterator[Mongo]:
    connected = await Mongo.connect(settings)
    await ensure_indexes(connected)
    yield connected
    await connected.client.drop_database(connected.db.name)
    await connected.close()


@pytest.fixture
async def cache(settings: Settings) -> AsyncIterator[Cache]:
    opened = Cache(settings)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def objects(settings: Settings) -> AsyncIterator[Objects]:
    opened = Objects(settings)
    await opened.ensure_bucket()
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def until() -> Until:
    """Wait until the condition is true and return it; fail after ten seconds."""

    async def wait(condition: Callable[[], Awaitable[Any]]) -> Any:
        end = time.monotonic() + 10
        while not (value := await condition()):
            assert time.monotonic() < end, "the condition did not become true within ten seconds"
            await asyncio.sleep(0.01)
        return value

    return wait


@pytest.fixture(scope="session")
def make_asset() -> MakeAsset:
    """Return a plausible asset; keyword arguments replace fields."""

    def make(content: str = "picture", **fields: Any) -> AssetRecord:
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        plain: dict[str, Any] = {
            "asset_id": str(uuid.uuid4()),
            "sha256": sha256,
            "object_key": object_key(sha256, "jpg"),
            "content_type": "image/jpeg",
            "filename": "hero.jpg",
            "file_size": 1000,
            "width": 640,
            "height": 480,
            "format": "JPEG",
            "kind": "image",
        }
        return AssetRecord(**(plain | fields))

    return make


@pytest.fixture
def unused_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
