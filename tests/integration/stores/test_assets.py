from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from dino_common.errors import AssetNotFound, Conflict, InvalidRequest
from dino_common.stores.assets import AssetStore, LibraryTotals
from dino_common.stores.mongo import Mongo

from .conftest import MakeAsset

_NOW = datetime(2026, 1, 5, 10, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
async def store(mongo: Mongo) -> AssetStore:
    await mongo.db["assets"].delete_many({})
    return AssetStore(mongo)


async def test_inserted_asset_reads_back_as_it_was_returned(store: AssetStore, make_asset: MakeAsset) -> None:
    record = make_asset(tags=["hero"], metadata={"scene": 12, "ok": True}, upload_timestamp=_NOW, duplicate_of="x")
    stored = await store.insert(record)
    assert stored == await store.get(record.asset_id)
    assert stored.upload_timestamp.microsecond == 123_000
    assert stored.upload_timestamp.utcoffset() == timedelta(0)


async def test_documents_carry_their_schema(store: AssetStore, mongo: Mongo, make_asset: MakeAsset) -> None:
    record = await store.insert(make_asset())
    document = await mongo.db["assets"].find_one({"_id": record.asset_id})
    assert document is not None
    assert document["schema"] == 1


async def test_taken_id_is_a_conflict(store: AssetStore, make_asset: MakeAsset) -> None:
    record = await store.insert(make_asset())
    with pytest.raises(Conflict):
        await store.insert(record)


async def test_missing_asset_is_not_found_everywhere(store: AssetStore) -> None:
    missing = str(uuid.uuid4())
    for call in (store.get(missing), store.update(missing, tags=["x"]), store.delete(missing)):
        with pytest.raises(AssetNotFound, match=missing):
            await call
    assert await store.get_many([missing]) == {}


async def test_get_many_returns_what_exists(store: AssetStore, make_asset: MakeAsset) -> None:
    records = [await store.insert(make_asset(str(n))) for n in range(3)]
    ids = [r.asset_id for r in records]
    assert await store.get_many([*ids, ids[0], "missing"]) == {r.asset_id: r for r in records}


async def test_update_replaces_tags_merges_metadata_and_removes_nulls(store: AssetStore, make_asset: MakeAsset) -> None:
    record = await store.insert(make_asset(tags=["a"], metadata={"keep": 1, "drop": 2, "change": 3}))
    updated = await store.update(
        record.asset_id, tags=["b", "c"], metadata_patch={"drop": None, "change": "x", "new": 4.5}
    )
    assert updated.tags == ["b", "c"]
    assert updated.metadata == {"keep": 1, "change": "x", "new": 4.5}
    assert updated.updated_timestamp >= record.updated_timestamp
    assert updated == await store.get(record.asset_id)
    assert (await store.update(record.asset_id)).tags == ["b", "c"]


async def test_concurrent_updates_of_different_keys_are_all_kept(store: AssetStore, make_asset: MakeAsset) -> None:
    record = await store.insert(make_asset())
    await asyncio.gather(*(store.update(record.asset_id, metadata_patch={f"k{n}": n}) for n in range(10)))
    assert (await store.get(record.asset_id)).metadata == {f"k{n}": n for n in range(10)}


async def test_of_two_deletions_only_one_gets_the_asset(store: AssetStore, make_asset: MakeAsset) -> None:
    record = await store.insert(make_asset())
    outcomes = await asyncio.gather(*(store.delete(record.asset_id) for _ in range(4)), return_exceptions=True)
    assert [o for o in outcomes if not isinstance(o, Exception)] == [record]
    assert sum(isinstance(o, AssetNotFound) for o in outcomes) == 3


async def test_same_content_is_found_from_the_first(store: AssetStore, make_asset: MakeAsset) -> None:
    later = await store.insert(make_asset("same", upload_timestamp=_NOW + timedelta(seconds=1)))
    first = await store.insert(make_asset("same", upload_timestamp=_NOW))
    found = await store.first_with_hash(first.sha256)
    assert found is not None
    assert found.asset_id == first.asset_id
    assert await store.count_with_hash(first.sha256) == 2
    await store.delete(first.asset_id)
    assert await store.first_with_hash(first.sha256) == later
    await store.delete(later.asset_id)
    assert await store.first_with_hash(first.sha256) is None


async def test_pages_are_newest_first_and_do_not_shift_while_others_upload(
    store: AssetStore, make_asset: MakeAsset
) -> None:
    # Three of each share a millisecond, so that the id must break the tie.
    made = [
        await store.insert(make_asset(str(n), upload_timestamp=_NOW + timedelta(seconds=n // 3))) for n in range(10)
    ]
    expected = sorted(made, key=lambda r: (r.upload_timestamp, r.asset_id), reverse=True)
    seen, cursor = [], None
    for _ in range(10):
        page, cursor = await store.list(3, cursor)
        seen += page
        await store.insert(make_asset("new", upload_timestamp=_NOW + timedelta(days=1)))
        if cursor is None:
            break
    assert seen == expected


async def test_last_full_page_has_no_cursor(store: AssetStore, make_asset: MakeAsset) -> None:
    for n in range(2):
        await store.insert(make_asset(str(n)))
    page, cursor = await store.list(2)
    assert len(page) == 2
    assert cursor is None


async def test_list_filters_combine(store: AssetStore, make_asset: MakeAsset) -> None:
    film = await store.insert(make_asset("film", kind="video", filename="Act (1).mp4", tags=["act-1"]))
    picture = await store.insert(make_asset("pic", filename="act (2).jpg", tags=["act-1", "hero"]))
    other = await store.insert(make_asset("other", filename="else.jpg"))

    async def ids(**conditions: str) -> set[str]:
        return {r.asset_id for r in (await store.list(10, **conditions))[0]}

    assert await ids(kind="video") == {film.asset_id}
    assert await ids(tag="act-1") == {film.asset_id, picture.asset_id}
    assert await ids(tag="act-1", kind="image") == {picture.asset_id}
    assert await ids(filename_part="ACT (") == {film.asset_id, picture.asset_id}
    assert await ids(filename_part=".*") == set()
    assert await ids(sha256=other.sha256) == {other.asset_id}


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "AAAA", "kgEC", "null"])
async def test_foreign_cursor_is_an_invalid_request(store: AssetStore, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        await store.list(10, cursor)


async def test_iteration_yields_every_asset_once_across_batches(store: AssetStore, make_asset: MakeAsset) -> None:
    made = [await store.insert(make_asset(str(n), kind="video" if n % 3 == 0 else "image")) for n in range(11)]
    assert sorted(r.asset_id for r in made) == [r.asset_id async for r in store.iter_all(batch=4)]
    pictures = {r.asset_id for r in made if r.kind == "image"}
    assert pictures == {r.asset_id async for r in store.iter_all(kind="image", batch=4)}


async def test_totals_count_shared_content_once_in_bytes(store: AssetStore, make_asset: MakeAsset) -> None:
    assert await store.totals() == LibraryTotals(0, 0, 0, 0)
    for record in (
        make_asset("same", file_size=100),
        make_asset("same", file_size=100),
        make_asset("film", kind="video", file_size=5_000_000_000),
    ):
        await store.insert(record)
    assert await store.totals() == LibraryTotals(assets=3, images=2, videos=1, bytes=5_000_000_100)


async def test_status_is_completed_once_features_are_stored(
    store: AssetStore, mongo: Mongo, make_asset: MakeAsset
) -> None:
    done, waiting = await store.insert(make_asset("done")), await store.insert(make_asset("waiting"))
    film = await store.insert(make_asset("done", kind="video"))
    await mongo.db["features"].insert_one({"_id": f"{done.sha256}:m", "sha256": done.sha256})
    shown = await store.with_status([done, waiting, film])
    assert [r.processing_status for r in shown] == ["completed", "uploaded", "completed"]
    assert (await store.get(done.asset_id)).processing_status == "uploaded"
