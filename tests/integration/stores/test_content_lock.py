from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from dino_common.errors import Conflict, ServiceUnavailable
from dino_common.stores.assets import AssetStore
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.mongo import Mongo, utc_now

from .conftest import MakeAsset


async def test_holders_of_one_content_follow_each_other(mongo: Mongo) -> None:
    lock, inside, most = ContentLock(mongo), 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with lock.hold("a" * 64):
            inside += 1
            most = max(most, inside)
            await mongo.ping()
            inside -= 1

    await asyncio.gather(*(work() for _ in range(8)))
    assert most == 1
    assert await mongo.db["content_locks"].count_documents({}) == 0


async def test_of_uploads_at_once_exactly_one_is_the_first(mongo: Mongo, make_asset: MakeAsset) -> None:
    lock, store = ContentLock(mongo), AssetStore(mongo)

    async def upload() -> str | None:
        record = make_asset("arrives twice")
        async with lock.hold(record.sha256):
            first = await store.first_with_hash(record.sha256)
            stored = await store.insert(
                make_asset("arrives twice", duplicate_of=None if first is None else first.asset_id)
            )
        return stored.duplicate_of

    outcomes = await asyncio.gather(*(upload() for _ in range(6)))
    assert outcomes.count(None) == 1
    assert len(set(outcomes)) == 2


async def test_other_contents_do_not_wait(mongo: Mongo) -> None:
    lock = ContentLock(mongo)
    async with lock.hold("a" * 64), lock.hold("b" * 64):
        pass


async def test_patience_ends_in_a_conflict(mongo: Mongo) -> None:
    lock = ContentLock(mongo)
    async with lock.hold("a" * 64):
        with pytest.raises(Conflict):
            async with lock.hold("a" * 64, patience=0.05):
                pass
    async with lock.hold("a" * 64, patience=0.05):
        pass


async def test_lock_of_a_dead_process_is_taken_over(mongo: Mongo) -> None:
    await mongo.db["content_locks"].insert_one(
        {"_id": "d" * 64, "schema": 1, "owner": "dead", "expires_at": utc_now() - timedelta(seconds=1)}
    )
    async with ContentLock(mongo).hold("d" * 64, patience=1):
        pass


async def test_lock_is_given_back_when_the_work_fails_or_is_cancelled(mongo: Mongo) -> None:
    lock, holding = ContentLock(mongo), asyncio.Event()
    with pytest.raises(ZeroDivisionError):
        async with lock.hold("e" * 64):
            raise ZeroDivisionError

    async def hold() -> None:
        async with lock.hold("e" * 64):
            holding.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await holding.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with lock.hold("e" * 64, patience=1):
        pass


async def test_a_lease_that_another_has_taken_is_not_confirmed(mongo: Mongo) -> None:
    lock = ContentLock(mongo)
    async with lock.hold("c" * 64) as lease:
        await lease.confirm()
        # As when this process stood still for longer than the lease.
        await mongo.db["content_locks"].update_one(
            {"_id": "c" * 64}, {"$set": {"expires_at": utc_now() - timedelta(seconds=1)}}
        )
        async with lock.hold("c" * 64, patience=0.05) as other:
            with pytest.raises(ServiceUnavailable):
                await lease.confirm()
            await other.confirm()
