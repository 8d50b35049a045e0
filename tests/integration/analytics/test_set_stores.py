"""What analytics keeps of sets: prints by content, answers for paging, labels for the next run."""

from __future__ import annotations

import uuid
from datetime import timedelta

import numpy as np
import pytest

from dino_analytics.core.sets.prints import compare_prints, make_print
from dino_analytics.sets import results as results_module
from dino_analytics.sets.label_store import LabelStore
from dino_analytics.sets.prints import Prints, PrintStore
from dino_analytics.sets.results import SetResults
from dino_common.errors import InvalidRequest
from dino_common.stores.assets import AssetStore
from dino_common.stores.mongo import utc_now


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (60, 90, 3), dtype=np.uint8)


async def test_prints_come_back_as_they_were(mongo):
    store = PrintStore(mongo)
    made = {"a" * 64: make_print(picture(0)), "b" * 64: make_print(picture(1))}
    await store.put_many(made)
    await store.put_many(made)
    found = await store.get_many([*made, "c" * 64])
    assert set(found) == set(made)
    for sha256, one in made.items():
        np.testing.assert_array_equal(found[sha256].grey, one.grey)
        np.testing.assert_array_equal(found[sha256].colours, one.colours)
        assert found[sha256].dhash == one.dhash
        assert compare_prints(found[sha256], one, 0.99) is not None


async def test_a_print_goes_with_the_last_asset_of_its_content(mongo, make_asset):
    store, assets = PrintStore(mongo), AssetStore(mongo)
    prints = Prints(store, None, assets)  # type: ignore[arg-type]  # nothing is decoded here
    sha256 = uuid.uuid4().hex * 2
    record = await assets.insert(make_asset(sha256=sha256))
    await store.put_many({sha256: make_print(picture(0))})
    await prints.forget("asset.deleted", {"asset_id": "another", "sha256": sha256})
    assert await store.get_many([sha256])
    await assets.delete(record.asset_id)
    await prints.forget("asset.deleted", {"asset_id": record.asset_id, "sha256": sha256})
    assert not await store.get_many([sha256])


@pytest.mark.parametrize("limit", [1, 7, 1000])
async def test_pages_join_to_the_whole(mongo, monkeypatch, limit: int):
    monkeypatch.setattr(results_module, "_CHUNK", 10)
    store = SetResults(mongo)
    items = [{"n": n} for n in range(47)]
    page = await store.first_page("cluster-assets", {"total": 47}, items, limit)
    found = list(page.items)
    while page.next_cursor is not None:
        page = await store.page("cluster-assets", page.next_cursor, limit)
        assert page.fields == {"total": 47}
        found += page.items
    assert found == items


async def test_cursors_of_another_operation_or_of_yesterday_are_refused(mongo, monkeypatch):
    store = SetResults(mongo)
    page = await store.first_page("cluster-assets", {}, [{"n": 1}, {"n": 2}], 1)
    assert page.next_cursor is not None
    with pytest.raises(InvalidRequest, match="cursor"):
        await store.page("find-duplicates", page.next_cursor, 1)
    await mongo.db["set_results"].delete_many({"expires_at": {"$lt": utc_now() + timedelta(days=2)}})
    with pytest.raises(InvalidRequest, match="expired"):
        await store.page("cluster-assets", page.next_cursor, 1)


async def test_labels_are_those_of_the_last_run(mongo, monkeypatch):
    monkeypatch.setattr("dino_analytics.sets.label_store._CHUNK", 3)
    store, series = LabelStore(mongo), uuid.uuid4().hex
    assert await store.last(series) == {}
    first = {str(uuid.uuid4()): f"c-{n % 3}" for n in range(10)}
    await store.keep(series, first)
    assert await store.last(series) == first
    second = {str(uuid.uuid4()): "c-9" for _ in range(4)}
    await store.keep(series, second)
    assert await store.last(series) == second
    assert await store.last("another") == {}


async def test_labels_are_those_of_the_run_before_when_one_dies_while_it_keeps_them(mongo, monkeypatch):
    monkeypatch.setattr("dino_analytics.sets.label_store._CHUNK", 3)
    store, series = LabelStore(mongo), uuid.uuid4().hex
    first = {str(uuid.uuid4()): "c-1" for _ in range(10)}
    await store.keep(series, first)

    class Dying:
        """The collection in a process that ends before the run is named."""

        def __getattr__(self, name: str):
            if name == "find_one_and_replace":
                raise KeyboardInterrupt
            return getattr(mongo.db["cluster_labels"], name)

    with monkeypatch.context() as patched:
        patched.setattr(store, "_labels", Dying())
        with pytest.raises(KeyboardInterrupt):
            await store.keep(series, {asset_id: "c-2" for asset_id in first})
    assert await store.last(series) == first
    last = {str(uuid.uuid4()): "c-3"}
    await store.keep(series, last)
    assert await store.last(series) == last


async def test_labels_of_a_series_that_nobody_runs_are_forgotten(mongo):
    store, series = LabelStore(mongo), uuid.uuid4().hex
    await store.keep(series, {str(uuid.uuid4()): "c-1"})
    kept = await mongo.db["cluster_labels"].find({"_id": {"$regex": f"^{series}"}}).to_list()
    assert len(kept) == 2
    assert all(timedelta(days=179) < one["expires_at"] - utc_now() < timedelta(days=181) for one in kept)
    indexes = await mongo.db["cluster_labels"].index_information()
    assert any(one.get("expireAfterSeconds") == 0 and one["key"] == [("expires_at", 1)] for one in indexes.values())
