from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
import pytest
from redis.asyncio import Redis

from dino_common.settings import Settings
from dino_common.stores.cache import Cache

from .conftest import MakeAsset

VERSION = "vit@0123456789ab"
_WHEN = datetime(2026, 1, 5, 10, 0, 0, 123_000, tzinfo=UTC)


def _vector(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(384).astype(np.float32)


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = Redis.from_url(settings.redis_url)
    async for key in client.scan_iter(f"{settings.prefix}:*"):
        await client.delete(key)
    yield client
    await client.aclose()


async def test_asset_with_features_is_found(cache: Cache, redis: Redis, make_asset: MakeAsset) -> None:
    record = make_asset("a")
    await cache.put_asset_ref(record)
    await cache.put_features(record.sha256, VERSION, _vector(), _WHEN)
    ((ref, vector),) = await cache.features_for([record.asset_id], VERSION)
    assert ref is not None
    assert (ref.asset_id, ref.sha256, ref.object_key, ref.kind) == (
        record.asset_id,
        record.sha256,
        record.object_key,
        "image",
    )
    assert vector is not None
    assert vector.vector.dtype == np.float32
    assert np.array_equal(vector.vector, _vector())
    assert vector.created_at == _WHEN


async def test_answers_keep_the_order_and_count_hits_and_misses(
    cache: Cache, redis: Redis, make_asset: MakeAsset
) -> None:
    full, known, unknown = (make_asset(name) for name in "abc")
    for record in (full, known):
        await cache.put_asset_ref(record)
    await cache.put_features(full.sha256, VERSION, _vector(), _WHEN)
    await cache.put_features(unknown.sha256, VERSION, _vector(), _WHEN)
    ids = [unknown.asset_id, full.asset_id, known.asset_id, full.asset_id]
    found = await cache.features_for(ids, VERSION)
    assert [(ref is not None, vector is not None) for ref, vector in found] == [
        (False, False), (True, True), (True, False), (True, True)
    ]  # fmt: skip
    assert (cache.hits, cache.misses) == (2, 2)
    assert await cache.features_for([], VERSION) == []


async def test_versions_do_not_mix(cache: Cache, redis: Redis, make_asset: MakeAsset) -> None:
    record = make_asset("a")
    await cache.put_asset_ref(record)
    await cache.put_features(record.sha256, VERSION, _vector(), _WHEN)
    ((_, vector),) = await cache.features_for([record.asset_id], "vit@other")
    assert vector is None


async def test_many_assets_take_one_round_trip(cache: Cache, redis: Redis, make_asset: MakeAsset) -> None:
    records = [make_asset(str(n)) for n in range(100)]
    for n, record in enumerate(records):
        await cache.put_asset_ref(record)
        await cache.put_features(record.sha256, VERSION, _vector(n), _WHEN)
    await cache.features_for([records[0].asset_id], VERSION)  # the server has the script after this
    await redis.config_resetstat()
    found = await cache.features_for([r.asset_id for r in records], VERSION)
    assert all(np.array_equal(vector.vector, _vector(n)) for n, (_, vector) in enumerate(found))
    statistics = await redis.info("commandstats")
    assert statistics["cmdstat_evalsha"]["calls"] == 1
    assert {name for name in statistics if not name.startswith("cmdstat_config")} <= {
        "cmdstat_evalsha", "cmdstat_get", "cmdstat_info"
    }  # fmt: skip


@pytest.mark.parametrize("only_if_absent", [True, False])
async def test_nobody_can_bring_back_a_deleted_asset(
    cache: Cache, redis: Redis, make_asset: MakeAsset, only_if_absent: bool
) -> None:
    record = make_asset("a")
    await cache.put_features(record.sha256, VERSION, _vector(), _WHEN)
    await cache.put_asset_ref(record)
    await cache.bury_asset(record.asset_id)
    await cache.put_asset_ref(record, only_if_absent=only_if_absent)
    assert await cache.features_for([record.asset_id], VERSION) == [(None, None)]


async def test_deletion_wins_against_fills_in_any_order(cache: Cache, redis: Redis, make_asset: MakeAsset) -> None:
    for n in range(20):
        record = make_asset(str(n))
        await cache.put_features(record.sha256, VERSION, _vector(), _WHEN)
        fills = [cache.put_asset_ref(record, only_if_absent=True) for _ in range(5)]
        await asyncio.gather(*fills[: n % 5], cache.bury_asset(record.asset_id), *fills[n % 5 :])
        assert await cache.features_for([record.asset_id], VERSION) == [(None, None)]


async def test_reader_fills_what_is_absent_and_leaves_what_is_there(
    cache: Cache, redis: Redis, settings: Settings, make_asset: MakeAsset
) -> None:
    record = make_asset("a")
    await cache.put_asset_ref(record, only_if_absent=True)
    key = f"{settings.prefix}:asset:{record.asset_id}"
    await redis.expire(key, 50)
    await cache.put_asset_ref(record, only_if_absent=True)
    assert await redis.ttl(key) <= 50
    await cache.put_asset_ref(record)
    assert await redis.ttl(key) > 590
    ((ref, _),) = await cache.features_for([record.asset_id], VERSION)
    assert ref is not None


async def test_everything_expires_and_begins_with_the_prefix(
    cache: Cache, redis: Redis, settings: Settings, make_asset: MakeAsset
) -> None:
    record, buried = make_asset("a"), make_asset("b")
    before = {key async for key in redis.scan_iter()}
    await cache.put_asset_ref(record)
    await cache.bury_asset(buried.asset_id)
    await cache.put_features(record.sha256, VERSION, _vector(), _WHEN)
    await cache.put_similarity(VERSION, "a", "b", value=0.5)
    await cache.put_preprocessed(record.sha256, "p", b"x")
    await cache.put_blob("own", b"x", 77)
    lives = {key.decode(): await redis.ttl(key) async for key in redis.scan_iter() if key not in before}
    assert len(lives) == 6
    assert all(key.startswith(settings.prefix + ":") for key in lives)
    expected = sorted([600, 3600, 86_400, 3_600, 21_600, 77])
    assert all(want - 5 <= have <= want for have, want in zip(sorted(lives.values()), expected, strict=True))


async def test_similarity_does_not_depend_on_the_order(cache: Cache, redis: Redis) -> None:
    a, b = (hashlib.sha256(x).hexdigest() for x in (b"a", b"b"))
    await cache.put_similarity(f"cosine:{VERSION}", a, b, value={"cosine": 0.25, "row": np.arange(3)})
    found = await cache.get_similarity(f"cosine:{VERSION}", b, a)
    assert found["cosine"] == 0.25
    assert found["row"].tolist() == [0, 1, 2]
    assert await cache.get_similarity("cosine:other", a, b) is None
    assert await cache.get_similarity(f"cosine:{VERSION}", a, a) is None


async def test_preprocessed_pixels_and_blobs_come_back(cache: Cache, redis: Redis) -> None:
    pixels = bytes(range(256)) * 588
    await cache.put_preprocessed("s", "p", pixels)
    assert await cache.get_preprocessed("s", "p") == pixels
    assert await cache.get_preprocessed("s", "other") is None
    await cache.put_blob("thumbnail:x", b"jpeg", 60)
    assert await cache.get_blob("thumbnail:x") == b"jpeg"
    assert await cache.get_blob("missing") is None


async def test_damaged_entries_are_misses(
    cache: Cache, redis: Redis, settings: Settings, make_asset: MakeAsset
) -> None:
    record = make_asset("a")
    await redis.set(f"{settings.prefix}:asset:{record.asset_id}", b"f" * 70)
    assert await cache.features_for([record.asset_id], VERSION) == [(None, None)]
    await cache.put_asset_ref(record)
    for damaged in (b"odd", b"", b"12345678", b"\xff" * 16):
        await redis.set(f"{settings.prefix}:features:{record.sha256}:{VERSION}", damaged)
        ((ref, vector),) = await cache.features_for([record.asset_id], VERSION)
        assert ref is not None
        assert vector is None
