"""Extraction on real stores: shared between requests, and stored for as long as its content lives."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.integration.inference.conftest import AddPicture, Bench
from tests.integration.stores.conftest import Until

from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_CREATED, FEATURES_STORED
from dino_common.errors import DeadlineExceeded
from dino_inference.background import BackgroundExtraction
from dino_inference.extraction import Extracted


def within(seconds: float) -> Context:
    return Context("request", time.time() + seconds, operation="extract-features")


def accepted(bench: Bench) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        return bench.batcher.depth > 0

    return reached


@pytest.fixture
def held_model(bench: Bench):
    """The model computes nothing before ``set`` is called."""
    gate = threading.Event()
    bench.batcher._forward_thread.submit(gate.wait)
    yield gate
    gate.set()


async def test_deadline_of_the_first_is_not_that_of_the_others(bench: Bench, add: AddPicture, held_model):
    asset = await add("shared")
    impatient = asyncio.create_task(bench.extractor.one(asset.asset_id, within(0.5)))
    await asyncio.sleep(0)
    patient = asyncio.create_task(bench.extractor.one(asset.asset_id, within(30)))
    with pytest.raises(DeadlineExceeded):
        await impatient
    assert not patient.done()
    held_model.set()
    assert isinstance(await patient, Extracted)


async def test_cancelled_first_request_leaves_the_work_to_the_others(
    bench: Bench, add: AddPicture, held_model, until: Until
):
    asset = await add("cancelled")
    first = asyncio.create_task(bench.extractor.one(asset.asset_id, within(30)))
    second = asyncio.create_task(bench.extractor.one(asset.asset_id, within(30)))
    await until(accepted(bench))
    first.cancel()
    held_model.set()
    assert isinstance(await second, Extracted)
    assert bench.extractor.misses == 1


async def test_content_uploaded_again_after_its_deletion_is_stored_again(bench: Bench, add: AddPicture):
    """Its features lie in the cache for a day, but find-similar and GET features read the document store."""
    first = await add("again")
    await bench.extractor.many([first.asset_id], within(30), durable=True)
    await bench.stores.assets.delete(first.asset_id)
    assert await bench.leftovers.clear(first.sha256)
    assert await bench.stores.features.get(first.sha256, bench.version) is None
    second = await add("again")
    await bench.stores.cache.put_asset_ref(second)
    answer = await bench.extractor.one(second.asset_id, within(30))
    assert not answer.cached
    await bench.extractor.settle()
    assert await bench.stores.features.get(second.sha256, bench.version) is not None


async def test_upload_is_stored_and_told_although_the_cache_still_knows_its_features(
    bench: Bench, add: AddPicture, until: Until
):
    """As when Redis was away while the first asset with these bytes was deleted."""
    first = await add("remembered")
    await bench.extractor.many([first.asset_id], within(30), durable=True)
    await bench.stores.assets.delete(first.asset_id)
    await bench.stores.features.delete(first.sha256)
    second = await add("remembered")
    await bench.stores.cache.put_asset_ref(second)
    assert (await bench.extractor.one(second.asset_id, within(30))).cached

    background = BackgroundExtraction(bench.extractor, bench.leftovers, bench.events, concurrency=2, on_upload=True)
    told: list[str] = []

    async def note(kind: str, event: dict[str, Any]) -> None:
        told.append(event["sha256"])

    await background.start()
    bench.events.consume("test", [FEATURES_STORED], note)
    await bench.events.publish(ASSET_CREATED, {"asset_id": second.asset_id, "kind": "image"})

    async def stored() -> bool:
        return told.count(second.sha256) >= 1 and bool(
            await bench.stores.features.exists_many([second.sha256], bench.version)
        )

    await until(stored)
    await background.stop()
    await bench.events.stop()


async def test_asset_deleted_during_its_extraction_leaves_nothing(
    bench: Bench, add: AddPicture, held_model, until: Until
):
    asset = await add("vanishing")
    task = asyncio.create_task(bench.extractor.one(asset.asset_id, within(30)))
    await until(accepted(bench))
    await bench.stores.assets.delete(asset.asset_id)
    await bench.leftovers.clear(asset.sha256)
    held_model.set()
    await task
    await bench.extractor.settle()
    assert await bench.stores.features.versions(asset.sha256) == []


async def test_second_asset_with_the_content_keeps_its_features(bench: Bench, add: AddPicture):
    first, second = await add("twice"), await add("twice")
    await bench.extractor.many([first.asset_id, second.asset_id], within(30), durable=True)
    assert bench.extractor.misses == 1
    await bench.stores.assets.delete(first.asset_id)
    assert not await bench.leftovers.clear(first.sha256)
    assert (await bench.extractor.one(second.asset_id, within(30))).cached
