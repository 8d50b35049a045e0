"""The library's index follows the document store, whatever happens in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dino_analytics.library import Library
from dino_analytics.serving import ServingModel
from dino_common.bus.events import ASSET_UPDATED
from dino_common.errors import ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.features import FeatureRecord, FeatureStore
from dino_common.stores.mongo import Mongo, utc_now

MODEL = ServingModel("tiny", "tiny@000000000001", 4, consistency=80.0, similarity=0.7, slope=None)
MakeAsset = Callable[..., AssetRecord]


class FeaturesWithPause(FeatureStore):
    """Runs ``meanwhile`` once, after features were read and before they are indexed."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def get_many(self, sha256s: Sequence[str], model_version: str) -> dict[str, FeatureRecord]:
        found = await super().get_many(sha256s, model_version)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return found


@pytest.fixture
def assets(mongo: Mongo) -> AssetStore:
    return AssetStore(mongo)


@pytest.fixture
def features(mongo: Mongo) -> FeaturesWithPause:
    return FeaturesWithPause(mongo)


@pytest.fixture
async def library(
    settings: Settings, assets: AssetStore, features: FeatureStore, tmp_path: Path
) -> AsyncIterator[Library]:
    opened = Library(settings.model_copy(update={"index_dir": tmp_path}), assets, features)
    yield opened
    await opened.close()


@pytest.fixture
def add(assets: AssetStore, features: FeatureStore, make_asset: MakeAsset) -> Callable[[str], Awaitable[AssetRecord]]:
    async def upload(name: str) -> AssetRecord:
        record = await assets.insert(make_asset(name))
        vector = np.random.default_rng(abs(hash(name))).normal(size=4).astype(np.float32)
        await features.put(FeatureRecord(record.sha256, MODEL.name, MODEL.version, vector, 4, utc_now()))
        return record

    return upload


async def test_asset_deleted_while_it_is_being_indexed_does_not_come_back(
    library: Library, assets: AssetStore, features: FeaturesWithPause, add
):
    await library.follow(MODEL)
    _, index = library.current()
    record = await add("ghost")

    async def deleted() -> None:
        await assets.delete(record.asset_id)
        await index.delete([record.asset_id])  # as the event of the deletion does

    features.meanwhile = deleted
    await library.follow(MODEL)
    assert record.asset_id not in await index.ids()


async def test_of_two_changes_handled_at_once_the_later_one_stays(
    library: Library, assets: AssetStore, features: FeaturesWithPause, add
):
    await library.follow(MODEL)
    _, index = library.current()
    record = await add("changed")
    await assets.update(record.asset_id, tags=["first"])
    event = {"asset_id": record.asset_id}

    async def changed_again() -> None:
        await assets.update(record.asset_id, tags=["second"])
        await library._on_event(ASSET_UPDATED, event)

    features.meanwhile = changed_again
    await library._on_event(ASSET_UPDATED, event)
    payload = await index.get_payload(record.asset_id)
    assert payload is not None
    assert payload["tags"] == ["second"]


async def test_thresholds_of_the_same_version_are_taken_over(library: Library):
    await library.follow(MODEL)
    await library.follow(replace(MODEL, similarity=0.9))
    assert library.current()[0].similarity == 0.9


async def test_search_goes_on_in_the_old_index_when_the_new_one_cannot_be_opened(
    library: Library, add, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    record = await add("kept")
    await library.follow(MODEL)
    monkeypatch.setattr(library, "_settings", library._settings.model_copy(update={"qdrant_url": "http://127.0.0.1:9"}))
    with pytest.raises(ServiceUnavailable):
        await library.follow(replace(MODEL, version="tiny@000000000002"))
    assert library.fault is not None
    model, index = library.current()
    assert model == MODEL
    assert record.asset_id in await index.ids()
