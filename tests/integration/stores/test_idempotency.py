from __future__ import annotations

import asyncio

import pytest

from dino_common.errors import Conflict
from dino_common.settings import Settings
from dino_common.stores.idempotency import IdempotencyStore, Replay, Reserved
from dino_common.stores.mongo import Mongo


@pytest.fixture
async def store(mongo: Mongo) -> IdempotencyStore:
    await mongo.db["idempotency"].delete_many({})
    return IdempotencyStore(mongo)


async def test_second_request_gets_the_first_ones_answer(store: IdempotencyStore) -> None:
    reserved = await store.reserve("k", "f", 60)
    assert isinstance(reserved, Reserved)
    await store.complete("k", 201, b'{"n":1}\x00\xff', "f", owner=reserved.owner)
    assert await store.reserve("k", "f", 60) == Replay(201, b'{"n":1}\x00\xff', "f")


async def test_of_many_at_once_one_works_and_the_others_are_told_to_come_back(store: IdempotencyStore) -> None:
    outcomes = await asyncio.gather(*(store.reserve("k", "f", 60) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(o, Reserved) for o in outcomes) == 1
    conflicts = [o for o in outcomes if isinstance(o, Conflict)]
    assert len(conflicts) == 9
    assert all(c.retry_after for c in conflicts)


async def test_other_content_under_the_same_key_is_a_conflict(store: IdempotencyStore) -> None:
    await store.reserve("k", "f", 60)
    with pytest.raises(Conflict, match="another request"):
        await store.reserve("k", "other", 60)
    await store.complete("k", 200, b"", "f")
    with pytest.raises(Conflict, match="another request"):
        await store.reserve("k", "other", 60)


async def test_failed_work_frees_the_key(store: IdempotencyStore) -> None:
    await store.reserve("k", "f", 60)
    await store.release("k")
    assert isinstance(await store.reserve("k", "other", 60), Reserved)


async def test_release_does_not_forget_an_answer(store: IdempotencyStore) -> None:
    await store.reserve("k", "f", 60)
    await store.complete("k", 200, b"x", "f")
    await store.release("k")
    assert isinstance(await store.reserve("k", "f", 60), Replay)


async def test_reservation_of_a_dead_owner_is_taken_over_by_exactly_one(store: IdempotencyStore) -> None:
    dead = await store.reserve("k", "f", 60, lease=0)
    assert isinstance(dead, Reserved)
    outcomes = await asyncio.gather(*(store.reserve("k", "f", 60) for _ in range(8)), return_exceptions=True)
    taken = [o for o in outcomes if isinstance(o, Reserved)]
    assert len(taken) == 1
    assert sum(isinstance(o, Conflict) for o in outcomes) == 7
    # The one thought dead comes back: its answer and its release no longer count.
    await store.complete("k", 500, b"old", "f", owner=dead.owner)
    await store.release("k", owner=dead.owner)
    await store.complete("k", 200, b"new", "f", owner=taken[0].owner)
    assert await store.reserve("k", "f", 60) == Replay(200, b"new", "f")


async def test_expired_answer_counts_no_more_even_before_the_server_removes_it(store: IdempotencyStore) -> None:
    await store.reserve("k", "f", 0)
    await store.complete("k", 200, b"x", "f")
    assert isinstance(await store.reserve("k", "other", 60), Reserved)


async def test_answer_survives_another_connection(store: IdempotencyStore, settings: Settings) -> None:
    await store.reserve("k", "f", 60)
    await store.complete("k", 200, b"x", "f")
    second = await Mongo.connect(settings)
    assert await IdempotencyStore(second).reserve("k", "f", 60) == Replay(200, b"x", "f")
    await second.close()
