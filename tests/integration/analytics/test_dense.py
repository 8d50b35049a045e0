"""Pictures looked at patch by patch, through a real inference process."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
from PIL import Image
from tests.integration.main_path.photographs import encoded, picture
from tests.integration.platform import Platform

from dino_analytics.dense import Dense
from dino_analytics.pictures import Pictures
from dino_analytics.serving import ServingWatch
from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.errors import AssetNotFound
from dino_common.settings import Settings
from dino_common.stores.assets import AssetStore
from dino_common.stores.mongo import Mongo
from dino_common.stores.objects import Objects


def soon() -> Context:
    return Context("test", time.time() + 60)


@pytest.fixture
async def dense(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dense]:
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    connection, mongo, objects = Connection(settings, "test"), await Mongo.connect(settings), Objects(settings)
    await connection.open()
    bus = BusClient(connection)
    await bus.start()
    serving, pictures = ServingWatch(bus), Pictures(settings, objects)
    await serving.start()
    yield Dense(bus, AssetStore(mongo), pictures, serving)
    await serving.stop()
    await pictures.close()
    await bus.stop()
    await connection.close()
    await objects.close()
    await mongo.close()


async def upload(platform: Platform, name: str, image: Image.Image) -> str:
    async with platform.client() as api:
        answer = await api.post("/upload-media", files={"file": (f"{name}.png", encoded(image, "PNG"))})
        return answer.json()["asset_id"]


async def test_patches_cover_the_whole_picture(platform: Platform, dense: Dense):
    left = picture("chelsea").resize((200, 200))
    wide = Image.new("RGB", (800, 200), (90, 90, 90))
    wide.paste(left, (600, 0))
    asset_id = await upload(platform, "wide", wide)
    _, (looked,) = await dense.look([asset_id], soon())
    assert looked.picture.shape == (128, 512, 3)
    rows, columns, dimension = looked.patches.shape
    assert (rows, columns, dimension) == (16, 16, 384)
    assert np.linalg.norm(looked.patches, axis=-1) == pytest.approx(np.ones((16, 16)), abs=1e-3)
    # The cat is in the right quarter; what lies left of it is one grey.
    grey = looked.patches[:, :11].reshape(-1, dimension)
    unlike = 1 - looked.patches @ (grey.mean(0) / np.linalg.norm(grey.mean(0)))
    assert unlike[:, 13:].mean() > 2 * unlike[:, :11].mean()


async def test_square_picture_has_the_features_that_are_stored(platform: Platform, dense: Dense):
    asset_id = await upload(platform, "square", picture("coffee").resize((256, 256)))
    async with platform.client() as api:
        stored = (await api.post("/extract-features", json={"asset_id": asset_id})).json()
    model, (looked, again) = await dense.look([asset_id, asset_id], soon())
    assert model.version == stored["model_version"]
    assert float(looked.vector @ np.asarray(stored["features"], np.float32)) > 0.95
    assert again.patches is looked.patches


async def test_missing_asset_is_named(dense: Dense):
    missing = "00000000-0000-4000-8000-000000000009"
    with pytest.raises(AssetNotFound, match=missing):
        await dense.look([missing], soon())
