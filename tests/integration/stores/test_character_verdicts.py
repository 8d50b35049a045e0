"""The history of a character's verdicts has a bound in time and in number."""

from __future__ import annotations

import uuid
from datetime import timedelta

from dino_common.stores.character_verdicts import VerdictRecord, VerdictStore
from dino_common.stores.mongo import Mongo, utc_now

DAY = 86_400


def verdicts(character: str, count: int, *, age: float = 0.0, step: float = 1.0) -> list[VerdictRecord]:
    """So many verdicts, the first one the oldest; ages in seconds."""
    newest = utc_now() - timedelta(seconds=age)
    return [
        VerdictRecord(
            f"{character}:{age}:{n:05d}",
            character,
            "gallery",
            f"image-{n}",
            str(uuid.uuid4()),
            str(uuid.uuid4()),
            90.0,
            85.0,
            "card",
            True,
            "model@1",
            judged_at=newest - timedelta(seconds=step * (count - n)),
        )
        for n in range(count)
    ]


async def kept(store: VerdictStore, character: str) -> list[str]:
    return [record.verdict_id for record in (await store.list(character, 1000))[0]]


async def test_the_newest_verdicts_of_each_character_are_kept(mongo: Mongo) -> None:
    store, mine, other = VerdictStore(mongo, DAY, 100), str(uuid.uuid4()), str(uuid.uuid4())
    few, many = verdicts(other, 60), verdicts(mine, 130)
    await store.add(few + many)
    assert await kept(store, mine) == [one.verdict_id for one in reversed(many[30:])]
    assert await kept(store, other) == [one.verdict_id for one in reversed(few)]


async def test_verdicts_of_one_moment_are_kept_in_number_too(mongo: Mongo) -> None:
    store, mine = VerdictStore(mongo, DAY, 100), str(uuid.uuid4())
    await store.add(verdicts(mine, 130, step=0.0))
    assert len(await kept(store, mine)) == 100


async def test_one_by_one_there_are_never_many_more(mongo: Mongo) -> None:
    store, mine = VerdictStore(mongo, DAY, 100), str(uuid.uuid4())
    for one in verdicts(mine, 350):
        await store.add([one])
    assert 100 <= len(await kept(store, mine)) < 200


async def test_a_verdict_expires_by_its_own_age(mongo: Mongo) -> None:
    store, mine = VerdictStore(mongo, 2 * DAY, 100), str(uuid.uuid4())
    record = verdicts(mine, 1, age=DAY)[0]
    await store.add([record])
    document = await mongo.db["character_verdicts"].find_one({"_id": record.verdict_id})
    assert abs((document["expires_at"] - record.judged_at).total_seconds() - 2 * DAY) < 0.01
    assert await store.bound() == 0
    indexes = await mongo.db["character_verdicts"].index_information()
    assert any(one.get("expireAfterSeconds") == 0 and one["key"] == [("expires_at", 1)] for one in indexes.values())


async def test_verdicts_of_before_expire_by_their_age_too(mongo: Mongo) -> None:
    store, mine, stored = VerdictStore(mongo, 2 * DAY, 100), str(uuid.uuid4()), mongo.db["character_verdicts"]
    old, new = verdicts(mine, 2, age=DAY, step=DAY / 4)
    await store.add([old, new])
    before = await stored.find_one({"_id": new.verdict_id})
    await stored.update_one({"_id": old.verdict_id}, {"$unset": {"expires_at": ""}})
    assert await store.bound() == 1
    document = await stored.find_one({"_id": old.verdict_id})
    assert document is not None
    assert abs((document["expires_at"] - old.judged_at).total_seconds() - 2 * DAY) < 0.01
    assert await stored.find_one({"_id": new.verdict_id}) == before
    assert await store.bound() == 0
