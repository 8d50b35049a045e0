from __future__ import annotations

import asyncio
import time
import uuid

import pytest

from dino_common.errors import ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.indexes import INDEXES
from dino_common.stores.mongo import Mongo, ensure_indexes


async def test_indexes_are_created_by_many_starting_processes_at_once(settings: Settings) -> None:
    url = settings.mongodb_url.replace(settings.deployment, f"i{uuid.uuid4().hex[:10]}")
    connections = [await Mongo.connect(settings.model_copy(update={"mongodb_url": url})) for _ in range(4)]
    try:
        await asyncio.gather(*(ensure_indexes(mongo) for mongo in connections))
        await ensure_indexes(connections[0])
        for collection, models in INDEXES.items():
            names = set(await connections[0].db[collection].index_information())
            assert {model.document["name"] for model in models} <= names
    finally:
        await connections[0].client.drop_database(connections[0].db.name)
        await asyncio.gather(*(mongo.close() for mongo in connections))


async def test_database_comes_from_the_url_and_has_a_default(settings: Settings, mongo: Mongo) -> None:
    assert mongo.db.name == settings.deployment
    base, _, options = settings.mongodb_url.partition("?")
    plain = await Mongo.connect(settings.model_copy(update={"mongodb_url": f"{base.rsplit('/', 1)[0]}/?{options}"}))
    assert plain.db.name == "dinov3_db"
    assert await plain.ping()
    await plain.close()


async def test_writes_wait_for_the_journal_of_a_majority(settings: Settings) -> None:
    bare = settings.mongodb_url.partition("?")[0]
    mongo = await Mongo.connect(settings.model_copy(update={"mongodb_url": f"{bare}?directConnection=true"}))
    assert mongo.client.write_concern.document == {"w": "majority", "j": True}
    await mongo.close()


async def test_unreachable_server_is_named_without_its_password(settings: Settings, unused_port: int) -> None:
    url = f"mongodb://someone:sesame@127.0.0.1:{unused_port}/x?serverSelectionTimeoutMS=200"
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable) as caught:
        await Mongo.connect(settings.model_copy(update={"mongodb_url": url}))
    assert time.monotonic() - began < 3
    assert f"127.0.0.1:{unused_port}" in caught.value.message
    assert "MONGODB_URL" in caught.value.details
    assert caught.value.retry_after
    assert "sesame" not in caught.value.message + caught.value.details


async def test_malformed_url_is_refused_without_repeating_it(settings: Settings) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        await Mongo.connect(settings.model_copy(update={"mongodb_url": "mongodb://a:se@same@host:1/x"}))
    assert "same" not in caught.value.message
    assert caught.value.__cause__ is None


async def test_stores_raise_service_unavailable_when_the_server_is_lost(settings: Settings) -> None:
    """A proxy that is closed in the middle stands for the server, which other tests go on using."""
    host, port = settings.mongodb_url.split("//", 1)[1].split("/", 1)[0].split(":")
    writers: list[asyncio.StreamWriter] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, out = await asyncio.open_connection(host, int(port))
        writers.extend((writer, out))
        await asyncio.gather(_copy(reader, out), _copy(upstream, writer))

    proxy = await asyncio.start_server(forward, "127.0.0.1", 0)
    address = f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    url = f"mongodb://{address}/x?directConnection=true&serverSelectionTimeoutMS=300"
    mongo = await Mongo.connect(settings.model_copy(update={"mongodb_url": url}))
    store = AssetStore(mongo)
    assert await store.count_with_hash("0" * 64) == 0
    proxy.close()
    for writer in writers:
        writer.close()
    with pytest.raises(ServiceUnavailable, match=address):
        await store.get("x")
    with pytest.raises(ServiceUnavailable, match=address):
        _ = [record async for record in store.iter_all()]
    assert not await mongo.ping()
    await mongo.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
