from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest

from dino_common.errors import Conflict, NotFound
from dino_common.stores.mongo import Mongo, utc_now
from dino_common.stores.uploads import PendingUpload, UploadStore


def _upload(expires_in: float = 600, **fields: object) -> PendingUpload:
    return PendingUpload(
        upload_id=str(uuid.uuid4()),
        object_key="incoming/x",
        filename="film.mp4",
        content_type="video/mp4",
        file_size=5_000_000_000,
        owner="key-1",
        expires_at=utc_now() + timedelta(seconds=expires_in),
        **fields,  # type: ignore[arg-type]
    )


@pytest.fixture
async def store(mongo: Mongo) -> UploadStore:
    await mongo.db["uploads"].delete_many({})
    return UploadStore(mongo)


async def test_announced_upload_reads_back(store: UploadStore) -> None:
    upload = await store.create(_upload(tags=["a"], metadata={"k": 1}))
    assert await store.get(upload.upload_id) == upload
    with pytest.raises(Conflict):
        await store.create(upload)
    with pytest.raises(NotFound):
        await store.get("missing")


async def test_of_many_completions_the_first_counts_for_all(store: UploadStore) -> None:
    upload = await store.create(_upload())
    outcomes = await asyncio.gather(*(store.complete(upload.upload_id, f"asset-{n}") for n in range(6)))
    assert len({outcome.asset_id for outcome in outcomes}) == 1
    assert (await store.get(upload.upload_id)).asset_id == outcomes[0].asset_id
    with pytest.raises(NotFound):
        await store.complete("missing", "asset")


async def test_leftovers_are_listed_for_sweeping(store: UploadStore) -> None:
    left, done = await store.create(_upload(-5)), await store.create(_upload(-5))
    await store.create(_upload())
    await store.complete(done.upload_id, "asset")
    assert [u.upload_id for u in await store.expired()] == [left.upload_id]
    await store.delete(left.upload_id)
    await store.delete(left.upload_id)
    assert await store.expired() == []
