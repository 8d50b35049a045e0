"""The library's index follows the document store, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dino_analytics.index.errors import IndexUnavailable
from dino_analytics.library import Library
from dino_analytics.serving import ServingModel
from dino_common.bus.events import ASSET_DELETED, ASSET_UPDATED, FEATURES_STORED
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

    second: list[asyncio.Task[None]] = []

    async def changed_again() -> None:
        await assets.update(record.asset_id, tags=["second"])
        second.append(asyncio.create_task(library._on_event(ASSET_UPDATED, event)))

    features.meanwhile = changed_again
    await library._on_event(ASSET_UPDATED, event)
    await second[0]
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


async def test_events_that_come_together_share_a_look_and_none_is_lost(
    library: Library, assets: AssetStore, features: FeaturesWithPause, add, monkeypatch: pytest.MonkeyPatch
):
    await library.follow(MODEL)
    _, index = library.current()
    records = [await add(f"many-{number}") for number in range(40)]
    await assets.delete(records[0].asset_id)
    looks: list[int] = []
    whole = features.get_many

    async def counted(sha256s: Sequence[str], model_version: str) -> dict[str, FeatureRecord]:
        looks.append(len(sha256s))
        return await whole(sha256s, model_version)

    monkeypatch.setattr(features, "get_many", counted)
    created = [library._on_event(ASSET_UPDATED, {"asset_id": record.asset_id}) for record in records]
    stored = [
        library._on_event(FEATURES_STORED, {"sha256": record.sha256, "model_version": MODEL.version})
        for record in records
    ]
    await asyncio.gather(*created, *stored)
    assert set(await index.ids()) >= {record.asset_id for record in records[1:]}
    assert records[0].asset_id not in await index.ids()
    assert len(looks) <= 6


async def test_fault_of_a_shared_look_reaches_every_event_and_ends_with_it(
    library: Library, assets: AssetStore, add, monkeypatch: pytest.MonkeyPatch
):
    await library.follow(MODEL)
    _, index = library.current()
    records = [await add(f"faulty-{number}") for number in range(5)]

    async def away(items: object) -> None:
        raise IndexUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(index, "upsert", away)
        events = [library._on_event(ASSET_UPDATED, {"asset_id": record.asset_id}) for record in records]
        outcomes = await asyncio.gather(*events, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ServiceUnavailable] * 5
    await library._on_event(ASSET_UPDATED, {"asset_id": records[0].asset_id})
    assert records[0].asset_id in await index.ids()


async def test_candidate_is_built_beside_and_takes_over_at_once(library: Library, assets: AssetStore, features, add):
    record = await add("both")
    await library.follow(MODEL)
    candidate = replace(MODEL, version="tiny@000000000002", dimension=6, key="1b1b1b1b")
    assert not library.switch(candidate)
    vector = np.random.default_rng(5).normal(size=6).astype(np.float32)
    await features.put(FeatureRecord(record.sha256, "tiny", candidate.version, vector, 6, utc_now()))
    await library.prepare(candidate)
    assert library.current()[0] == MODEL
    prepared = library.of_version(candidate.version)
    assert prepared is not None
    assert await prepared[1].ids() == [record.asset_id]
    assert library.switch(candidate)
    assert library.current()[0] == candidate
    await assets.delete(record.asset_id)
    await library._on_event(ASSET_DELETED, {"asset_id": record.asset_id})
    for version in (MODEL.version, candidate.version):
        kept = library.of_version(version)
        assert kept is not None
        assert record.asset_id not in await kept[1].ids()
    await library.keep(())
    assert library.of_version(MODEL.version) is None
    await library.drop(MODEL.version)
    with pytest.raises(ServiceUnavailable, match="serves"):
        await library.drop(candidate.version)
    folder = library._settings.index_dir.glob("*/*")
    assert len(list(folder)) == 1


async def test_cut_over_is_not_undone_by_an_older_change_that_ends_later(
    library: Library, features: FeaturesWithPause, add
):
    await add("late")
    await library.follow(MODEL)
    candidate = replace(MODEL, version="tiny@000000000002", key="1b1b1b1b")
    await library.prepare(candidate)
    other = replace(MODEL, version="tiny@000000000003", key="2c2c2c2c")

    async def cut_over() -> None:
        assert library.switch(candidate)

    features.meanwhile = cut_over
    await library.follow(other)
    assert library.current()[0] == candidate
