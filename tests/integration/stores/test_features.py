from __future__ import annotations

import asyncio
import hashlib

import numpy as np
import pytest

from dino_common.stores.features import FeatureRecord, FeatureStore
from dino_common.stores.mongo import Mongo, utc_now

VERSION = "vit@0123456789ab"


def _features(content: str, version: str = VERSION, seed: int = 0) -> FeatureRecord:
    vector = np.random.default_rng(seed).standard_normal(384).astype(np.float32)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return FeatureRecord(sha256, "vit", version, vector / np.linalg.norm(vector), 384, utc_now())


def _same(a: FeatureRecord | None, b: FeatureRecord) -> bool:
    return (
        a is not None
        and a.vector.dtype == np.float32
        and np.array_equal(a.vector, b.vector)
        and (a.sha256, a.model, a.model_version, a.dimension, a.created_at)
        == (b.sha256, b.model, b.model_version, b.dimension, b.created_at)
    )


@pytest.fixture
async def store(mongo: Mongo) -> FeatureStore:
    await mongo.db["features"].delete_many({})
    return FeatureStore(mongo)


async def test_vector_comes_back_bit_for_bit(store: FeatureStore) -> None:
    record = _features("a")
    await store.put(record)
    assert _same(await store.get(record.sha256, VERSION), record)
    assert await store.get(record.sha256, "vit@other") is None


async def test_putting_again_and_at_once_leaves_one_document(store: FeatureStore) -> None:
    record = _features("a")
    await asyncio.gather(*(store.put(record) for _ in range(8)))
    assert await store.count() == 1
    assert _same(await store.get(record.sha256, VERSION), record)


async def test_vector_of_another_shape_is_refused(store: FeatureStore) -> None:
    record = _features("a")
    with pytest.raises(ValueError, match="384"):
        await store.put(FeatureRecord(record.sha256, "vit", VERSION, record.vector[:10], 384, record.created_at))


async def test_many_are_found_by_content_and_version(store: FeatureStore) -> None:
    records = [_features(str(n), seed=n) for n in range(5)]
    for record in records[:4]:
        await store.put(record)
    await store.put(_features("4", version="vit@other"))
    hashes = [r.sha256 for r in records]
    found = await store.get_many([*hashes, hashes[0]], VERSION)
    assert set(found) == set(hashes[:4])
    assert all(_same(found[r.sha256], r) for r in records[:4])
    assert await store.exists_many(hashes, VERSION) == set(hashes[:4])
    assert await store.get_many([], VERSION) == {}


async def test_deleting_removes_every_version_of_the_content_only(store: FeatureStore) -> None:
    for version in (VERSION, "vit@other"):
        await store.put(_features("a", version))
    await store.put(_features("b"))
    assert await store.delete(_features("a").sha256) == 2
    assert await store.count() == 1
    assert await store.delete(_features("a").sha256) == 0


async def test_versions_of_a_content_are_told_once_each(store: FeatureStore) -> None:
    for version in (VERSION, "vit@other", VERSION):
        await store.put(_features("a", version))
    await store.put(_features("b", "vit@third"))
    assert sorted(await store.versions(_features("a").sha256)) == sorted((VERSION, "vit@other"))
    assert await store.versions(_features("none").sha256) == []
    assert await store.count(VERSION) == 1
