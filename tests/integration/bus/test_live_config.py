"""A changed threshold reaches every watcher, also after the server was killed."""

from __future__ import annotations

import asyncio
import time

from dino_common.bus import live_config
from dino_common.bus.live_config import LiveConfig
from dino_common.contracts.configuration import Thresholds


async def until(condition, seconds: float) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "did not happen in time"
        await asyncio.sleep(0.005)
    return time.monotonic() - began


def quality(value: float | None):
    return lambda thresholds: thresholds.model_copy(update={"quality": value})


async def test_change_reaches_every_watcher_within_a_second(connect):
    configs = [LiveConfig(await connect()) for _ in range(3)]
    for config in configs:
        await config.start()
    await configs[0].change(quality(61.5))
    await until(lambda: all(c.thresholds.quality == 61.5 for c in configs), 1.0)
    assert len({c.revision for c in configs}) == 1
    for config in configs:
        await config.stop()


async def test_late_comer_reads_what_is_set(connect):
    early, late = LiveConfig(await connect()), LiveConfig(await connect())
    await early.start()
    await early.change(quality(42))
    await late.start()
    assert late.thresholds.quality == 42
    await early.stop()
    await late.stop()


async def test_two_edits_at_once_are_both_kept(connect):
    one, two = LiveConfig(await connect()), LiveConfig(await connect())
    await one.start()
    await two.start()

    def consistency(thresholds: Thresholds) -> Thresholds:
        return thresholds.model_copy(update={"consistency": 66.0})

    await asyncio.gather(one.change(quality(50)), two.change(consistency))
    await until(lambda: one.revision == two.revision == max(one.revision, two.revision) and one.revision >= 2, 2)
    assert (one.thresholds.quality, one.thresholds.consistency) == (50, 66)
    await one.stop()
    await two.stop()


async def test_watch_goes_on_after_the_server_was_killed(connect, nats):
    writer, reader = LiveConfig(await connect()), LiveConfig(await connect())
    await writer.start()
    await reader.start()
    await writer.change(quality(10))
    await nats.kill()
    await nats.start()
    await until(lambda: writer._connection.connected and reader._connection.connected, 10)
    await writer.change(quality(20))
    await until(lambda: reader.thresholds.quality == 20, 10)
    await writer.stop()
    await reader.stop()


async def test_deleted_thresholds_are_the_defaults_also_where_they_were_in_force(connect, monkeypatch):
    monkeypatch.setattr(live_config, "_POLL_SECONDS", 0.05)
    config = LiveConfig(await connect())
    await config.start()
    await config.change(quality(10))
    await (await config._bucket()).delete("thresholds")
    await until(lambda: config.thresholds == Thresholds(), 5)
    await config.change(quality(20))
    assert config.thresholds.quality == 20
    await config.stop()


async def test_change_repairs_stored_thresholds_that_cannot_be_read(connect):
    writer, reader = LiveConfig(await connect()), LiveConfig(await connect())
    await writer.start()
    await writer.change(quality(10))
    await (await writer._bucket()).put("thresholds", b'{"of": "another release"}')
    await writer.change(lambda thresholds: thresholds.model_copy(update={"consistency": 66.0}))
    await reader.start()
    assert (reader.thresholds.quality, reader.thresholds.consistency) == (10, 66)
    await writer.stop()
    await reader.stop()
