"""A tiny model on real stores, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from tests.integration.main_path.photographs import encoded, picture

# Fixtures are found by their names here.
from tests.integration.stores.conftest import cache, make_asset, mongo, objects, settings, until
from tests.unit.inference.tiny_models import write_tiny_vit

from dino_common.bus.connection import Connection
from dino_common.bus.events import Events
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.features import FeatureStore
from dino_common.stores.mongo import Mongo
from dino_common.stores.objects import Objects
from dino_inference.batcher import Batcher
from dino_inference.extraction import Extractor, Stores
from dino_inference.leftovers import Leftovers
from dino_inference.visual_model import VisualModel

__all__ = ["cache", "make_asset", "mongo", "objects", "settings", "until"]

AddPicture = Callable[..., Awaitable[AssetRecord]]


@dataclass(frozen=True)
class Bench:
    """An extractor and what it stands on."""

    extractor: Extractor
    leftovers: Leftovers
    batcher: Batcher
    stores: Stores
    events: Events
    version: str


@pytest.fixture(scope="module")
def model(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> VisualModel:
    directory = tmp_path_factory.mktemp("model")
    named = {"model_name": str(write_tiny_vit(directory / "tiny-vit")), "model_cache_dir": directory / "cache"}
    return VisualModel.load(settings.model_copy(update=named))


@pytest.fixture
async def bench(
    settings: Settings, model: VisualModel, mongo: Mongo, cache: Cache, objects: Objects
) -> AsyncIterator[Bench]:
    connection = Connection(settings, "inference")
    await connection.open()
    events = Events(connection)
    await events.start()
    batcher = Batcher(model, settings)
    await batcher.start()
    stores = Stores(AssetStore(mongo), FeatureStore(mongo), cache, objects)
    leftovers = Leftovers(
        stores.assets, stores.features, cache, objects, ContentLock(mongo), model.version, model.preprocessing_id
    )
    extractor = Extractor(settings, model, batcher, stores, events, leftovers)
    yield Bench(extractor, leftovers, batcher, stores, events, model.version)
    await batcher.stop()
    await extractor.settle()
    await connection.close()


@pytest.fixture
def add(bench: Bench, make_asset: Callable[..., AssetRecord]) -> AddPicture:
    """Upload as the gateway does, without its HTTP: ``await add("name")``; the same name is the same content."""

    async def upload(name: str) -> AssetRecord:
        record = await bench.stores.assets.insert(make_asset(name))
        await bench.stores.objects.put_bytes(
            record.object_key, encoded(picture("coffee").resize((96, 64))), "image/jpeg"
        )
        return record

    return upload
