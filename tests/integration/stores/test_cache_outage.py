"""Redis killed and started again: slower, never wrong."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.integration.platform import Servers

from dino_common.settings import Settings
from dino_common.stores.cache import Cache

from .conftest import MakeAsset, Until

VERSION = "vit@0123456789ab"
_VECTOR = np.ones(8, dtype=np.float32)
_WHEN = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
async def redis_down(servers: Servers, cache: Cache) -> AsyncIterator[Servers]:
    """Servers whose Redis the test may kill; it runs again afterwards."""
    assert await cache.ping()
    yield servers
    if not servers.children["redis"].alive:
        await servers.restart("redis")


async def test_outage_means_misses_at_once_and_one_line_in_the_log(
    cache: Cache, redis_down: Servers, make_asset: MakeAsset, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    record = make_asset("outage")
    await cache.put_asset_ref(record)
    await cache.put_features(record.sha256, VERSION, _VECTOR, _WHEN)
    await redis_down.kill("redis")
    with caplog.at_level(logging.INFO, logger="dino_common.stores"):
        began = time.monotonic()
        for _ in range(200):
            assert await cache.features_for([record.asset_id], VERSION) == [(None, None)]
            assert await cache.get_blob("x") is None
            await cache.put_features(record.sha256, VERSION, _VECTOR, _WHEN)
            await cache.put_asset_ref(record)
        assert time.monotonic() - began < 2  # not 800 times a quarter of a second
        assert not await cache.ping()
        assert [r.levelname for r in caplog.records].count("WARNING") == 1

        await redis_down.restart("redis")

        async def found() -> bool:
            ((_, vector),) = await cache.features_for([record.asset_id], VERSION)
            return vector is not None

        await until(found)
        assert "answers again" in caplog.records[-1].message


async def test_asset_deleted_during_an_outage_is_not_served_after_it(
    cache: Cache, redis_down: Servers, make_asset: MakeAsset, until: Until, settings: Settings
) -> None:
    record = make_asset("deleted meanwhile")
    await cache.put_asset_ref(record)
    await cache.put_features(record.sha256, VERSION, _VECTOR, _WHEN)
    await redis_down.kill("redis")
    await cache.bury_asset(record.asset_id)
    await redis_down.restart("redis")
    # The process that deleted it never serves it, whether the burial is done yet or not.
    assert await cache.features_for([record.asset_id], VERSION) == [(None, None)]
    await cache.put_asset_ref(record)

    other = Cache(settings)

    async def unknown_to_others() -> bool:
        return await other.features_for([record.asset_id], VERSION) == [(None, None)]

    await until(unknown_to_others)
    await until(cache.ping)
    await other.put_asset_ref(record, only_if_absent=True)
    assert await unknown_to_others()
    await other.close()


async def test_server_that_hangs_costs_a_quarter_of_a_second_once(
    cache: Cache, redis_down: Servers, make_asset: MakeAsset, until: Until
) -> None:
    child = redis_down.children["redis"]
    child.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(50):
            assert await cache.features_for(["x"], VERSION) == [(None, None)]
        assert time.monotonic() - began < 0.9
    finally:
        child.signal(signal.SIGCONT)
    await until(cache.ping)
