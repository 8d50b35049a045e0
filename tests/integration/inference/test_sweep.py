"""The sweep of the library on real stores: resumable, shared between processes, honest about what it cannot do."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from tests.integration.inference.conftest import AddPicture, Bench
from tests.integration.stores.conftest import Until

from dino_common.bus.context import Context
from dino_common.contracts.rollout import LibraryProgress
from dino_common.stores.mongo import Mongo, utc_now
from dino_inference import sweep
from dino_inference.sweep import LibrarySweep


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_MEASURE_SECONDS", 0.02)
    monkeypatch.setattr(sweep, "_LOOK_AGAIN_SECONDS", (0.05,))


@pytest.fixture(autouse=True)
async def empty_library(mongo: Mongo) -> None:
    for collection in ("assets", "features"):
        await mongo.db[collection].delete_many({})


async def finished(walk: LibrarySweep, until: Until) -> LibraryProgress:
    async def complete() -> bool:
        progress = await walk.progress()
        return progress is not None and progress.complete

    await until(complete)
    progress = await walk.progress()
    assert progress is not None
    return progress


async def test_library_is_embedded_and_counted_by_content(bench: Bench, add: AddPicture, until: Until):
    for name in (*(f"picture-{number}" for number in range(7)), "picture-0"):
        await add(name)
    walk = LibrarySweep(bench.extractor, chunk=2)
    assert await walk.progress() is None
    await walk.start()
    progress = await finished(walk, until)
    assert (progress.total, progress.done, progress.failed, progress.eta_seconds) == (7, 7, 0, 0)
    assert progress.per_second is not None
    assert bench.extractor.misses == 7
    await walk.stop()
    assert await walk.progress() is None


async def test_second_walk_computes_only_what_is_new(bench: Bench, add: AddPicture, until: Until):
    for number in range(5):
        await add(f"first-{number}")
    walk = LibrarySweep(bench.extractor, chunk=4)
    await walk.start()
    await finished(walk, until)
    await walk.stop()
    await add("late")
    again = LibrarySweep(bench.extractor, chunk=4)
    await again.start()
    assert (await finished(again, until)).done == 6
    assert bench.extractor.misses == 6
    await again.stop()


async def test_processes_that_begin_at_different_places_share_the_library(bench: Bench, add: AddPicture, until: Until):
    """In one process they share computations too; what counts is that each comes to its end and nothing is left."""
    records = [await add(f"shared-{number}") for number in range(12)]
    walks = [LibrarySweep(bench.extractor, chunk=1) for _ in range(3)]
    for walk, place in zip(walks, ("", records[4].asset_id, "ffffffff"), strict=True):
        walk._place = place
        await walk.start()
    for walk in walks:
        assert (await finished(walk, until)).done == 12
        await walk.stop()
    assert bench.extractor.misses == 12


async def test_torn_file_is_counted_and_holds_nothing_up(bench: Bench, add: AddPicture, until: Until):
    await add("good")
    torn = await add("torn")
    await bench.stores.objects.put_bytes(torn.object_key, b"no picture at all", "image/jpeg")
    walk = LibrarySweep(bench.extractor, chunk=2)
    await walk.start()
    progress = await finished(walk, until)
    assert (progress.total, progress.done, progress.failed) == (2, 1, 1)
    await walk.stop()


async def test_walk_goes_on_until_what_was_put_off_is_done(
    bench: Bench, add: AddPicture, until: Until, monkeypatch: pytest.MonkeyPatch
):
    """As when the queue is full of requests at first."""
    for number in range(4):
        await add(f"busy-{number}")
    monkeypatch.setattr(bench.batcher, "_limit", 0)
    walk = LibrarySweep(bench.extractor, chunk=2)
    await walk.start()

    async def measured() -> bool:
        progress = await walk.progress()
        return progress is not None and progress.total == 4

    await until(measured)
    progress = await walk.progress()
    assert progress is not None
    assert (progress.done, progress.complete) == (0, False)
    monkeypatch.setattr(bench.batcher, "_limit", 64)
    assert (await finished(walk, until)).done == 4
    await walk.stop()


async def test_features_of_a_version_are_removed_some_at_a_time(bench: Bench, add: AddPicture):
    records = [await add(f"retired-{number}") for number in range(5)]
    await bench.extractor.many([r.asset_id for r in records], Context("test", time.time() + 30), durable=True)
    store = bench.stores.features
    for record in records:
        kept = await store.get(record.sha256, bench.version)
        assert kept is not None
        await store.put(replace(kept, model_version="other@1", created_at=utc_now()))
    removed: list[str] = []
    while found := await store.delete_version("other@1", 2):
        assert len(found) <= 2
        removed += found
    assert sorted(removed) == sorted(r.sha256 for r in records)
    assert (await store.count("other@1"), await store.count(bench.version)) == (0, 5)


async def test_objects_below_a_prefix_are_removed_some_at_a_time(bench: Bench):
    objects = bench.stores.objects
    keys = [f"patches/gone@1/{number}.npy" for number in range(3)]
    await asyncio.gather(*(objects.put_bytes(key, b"x", "application/octet-stream") for key in keys))
    await objects.put_bytes("patches/gone@10/kept.npy", b"x", "application/octet-stream")
    assert await objects.delete_below("patches/gone@1/", 2) == 2
    assert await objects.delete_below("patches/gone@1/", 2) == 1
    assert await objects.delete_below("patches/gone@1/", 2) == 0
    assert await objects.exists("patches/gone@10/kept.npy")
