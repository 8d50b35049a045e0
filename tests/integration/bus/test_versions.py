"""Processes of two model versions on one bus: who is asked, who is heard, and what the operator's link sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from tests.integration.bus.test_live_config import until

from dino_common.bus import live_config
from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.bus.live_config import LiveConfig, open_bucket
from dino_common.bus.rollout_link import RolloutLink
from dino_common.bus.scatter import answer_all
from dino_common.bus.service import BusService
from dino_common.contracts import OPERATIONS, Service, owned_by
from dino_common.contracts.configuration import Thresholds
from dino_common.contracts.rollout import Rollout
from dino_common.errors import ModelNotLoaded, ServiceUnavailable
from dino_common.settings import Settings

A, B = "aaaaaaaa", "bbbbbbbb"
EMBED, STATUS = OPERATIONS["embed"], OPERATIONS["inference-status"]
ONE = {"asset_ids": ["0e0b3e9e-5f3c-4c43-8d2c-0f6a6b6f6c01"]}
Connect = Callable[[], Awaitable[Connection]]


def within(seconds: float) -> Context:
    return Context("request", time.time() + seconds)


class Process:
    """Answers everything with its name, on the subjects of its version."""

    def __init__(self, name: str, key: str | None) -> None:
        self.name, self.key = name, key
        self.service: BusService | None = None

    def status(self) -> dict[str, Any]:
        return {
            "service": "inference",
            "instance": self.name,
            "version": "1",
            "ready": True,
            "gpu": {"available": False},
            "model": None,
            "queue_depth": 0,
            "cache_hits": 0,
            "cache_misses": 0,
            "key": self.key,
        }

    async def start(self, connection: Connection) -> None:
        async def answer(context: Context, request: object) -> dict[str, Any]:
            return self.status()

        async def own_status() -> dict[str, Any]:
            return self.status()

        handlers = {operation.name: answer for operation in owned_by(Service.INFERENCE) if not operation.job}
        handlers.pop("batch-extract-features", None)
        self.service = BusService(connection, Service.INFERENCE, handlers, key=self.key)
        await self.service.start()
        await answer_all(connection, connection.subjects.everyone(STATUS, self.key), own_status)
        await connection.client.flush()


@pytest.fixture
async def two_versions(connect: Connect) -> list[Process]:
    processes = [Process("a-1", A), Process("b-1", B), Process("b-2", B)]
    for process in processes:
        await process.start(await connect())
    return processes


@pytest.fixture
async def link(bus_settings: Settings) -> AsyncIterator[RolloutLink]:
    opened = await RolloutLink.open(bus_settings.nats_url, bus_settings.namespace, bus_settings.deployment)
    yield opened
    await opened.close()


@pytest.fixture
async def config(connect: Connect) -> AsyncIterator[LiveConfig]:
    started = LiveConfig(await connect())
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def bus(connect: Connect, config: LiveConfig) -> AsyncIterator[BusClient]:
    client = BusClient(await connect(), serving=lambda: config.serving_key)
    await client.start()
    yield client
    await client.stop()


async def test_request_goes_to_the_version_that_serves_or_to_the_one_named(two_versions, link, config, bus):
    await link.put_rollout(Rollout(serving=A, candidate=B, phase="dark"))
    await until(lambda: config.serving_key == A, 2)
    for _ in range(10):
        answer = await bus.call(EMBED, ONE, within(5))
        assert answer["instance"] == "a-1"
        named = await bus.call(EMBED, ONE, within(5), model=B)
        assert named["key"] == B


async def test_without_a_rollout_processes_without_a_key_are_asked(connect, two_versions, bus):
    plain = Process("plain", None)
    await plain.start(await connect())
    assert (await bus.call(EMBED, ONE, within(5)))["instance"] == "plain"


async def test_cut_over_in_the_middle_of_many_requests_loses_none(two_versions, link, config, bus):
    await link.put_rollout(Rollout(serving=A, candidate=B, phase="dark"))
    await until(lambda: config.serving_key == A, 2)
    seen: list[str] = []

    async def ask() -> None:
        while not seen or seen[-1] != B or seen.count(B) < 200:
            seen.append((await bus.call(EMBED, ONE, within(5)))["key"])

    asking = asyncio.create_task(ask())
    await until(lambda: seen.count(A) > 100, 5)
    assert await link.put_rollout(Rollout(serving=B, previous=A))
    await asking
    assert seen == sorted(seen), "one change from A to B and none back"


async def test_version_without_a_process_is_known_to_be_away_at_once(two_versions, link, config, bus):
    """A candidate that takes copies of another version's requests does not make that version look alive."""
    await link.put_rollout(Rollout(serving="cccccccc", candidate=B, phase="canary", mirror_percent=100))
    await until(lambda: config.serving_key == "cccccccc", 2)
    began = time.monotonic()
    with pytest.raises(ModelNotLoaded):
        await bus.call(EMBED, ONE, within(30))
    assert time.monotonic() - began < 5


async def test_request_that_waits_for_a_process_goes_to_the_version_that_serves_meanwhile(
    two_versions, link, config, bus
):
    """As when the old version had to leave before the new one could start."""
    await link.put_rollout(Rollout(serving="cccccccc"))
    await until(lambda: config.serving_key == "cccccccc", 2)
    asking = asyncio.create_task(bus.call(EMBED, ONE, within(10)))
    await asyncio.sleep(0)
    await link.put_rollout(Rollout(serving=B))
    assert (await asking)["key"] == B


async def test_link_hears_every_process_of_a_version(two_versions, link):
    assert [status.instance for status in await link.statuses(B, expect=2)] == ["b-1", "b-2"]
    assert [status.instance for status in await link.statuses(A, patience=0.3)] == ["a-1"]
    began = time.monotonic()
    assert await link.statuses("cccccccc", patience=5) == []
    assert time.monotonic() - began < 1, "nobody listens, which NATS says at once"


async def test_link_writes_only_what_differs(link, config):
    rollout, thresholds = Rollout(serving=A), Thresholds(quality=61)
    assert await link.put_rollout(rollout)
    assert not await link.put_rollout(rollout)
    assert await link.put_thresholds(thresholds)
    assert not await link.put_thresholds(thresholds)
    await until(lambda: config.rollout == rollout and config.thresholds == thresholds, 2)
    assert (await link.rollout(), await link.thresholds()) == (rollout, thresholds)


async def test_link_without_analytics_says_so(link):
    assert await link.analytics(timeout=0.3) is None
    with pytest.raises(ServiceUnavailable):
        await link.compare(B, timeout=5)


async def test_rollout_outlives_the_bucket_and_follows_the_next_one(connect, link, config, monkeypatch):
    """Losing the configuration must not make pods forget who serves; a bucket made anew counts from one."""
    monkeypatch.setattr(live_config, "_POLL_SECONDS", 0.05)
    for serving in (A, B, A):
        await link.put_rollout(Rollout(serving=serving))
    await until(lambda: config.serving_key == A and config._rollout.revision >= 3, 2)
    connection = await connect()
    await connection.jetstream().delete_key_value(connection.subjects.config_bucket)
    await until(lambda: config._rollout.revision == 0, 10)
    assert config.serving_key == A
    bucket = await open_bucket(connection)
    await bucket.put("rollout", Rollout(serving=B).model_dump_json().encode())
    await until(lambda: config.serving_key == B, 10)
