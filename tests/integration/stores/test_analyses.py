from __future__ import annotations

import uuid

import numpy as np
import pytest

from dino_common.stores.analyses import AnalysisRecord, AnalysisStore
from dino_common.stores.mongo import Mongo


@pytest.fixture
def store(mongo: Mongo) -> AnalysisStore:
    return AnalysisStore(mongo)


@pytest.fixture
def film() -> str:
    return str(uuid.uuid4())


def shots(first: int, count: int) -> list[dict]:
    return [{"shot_id": n, "vector": np.full(3, n, np.float32)} for n in range(first, first + count)]


async def finished(store: AnalysisStore, film: str, run: str, *, keyframes: bool = True, count: int = 2) -> None:
    await store.put_shots(film, run, 1, shots(1, count))
    await store.finish(AnalysisRecord(film, run, count, keyframes, {"threshold": 0.3}))


async def test_shots_are_read_back_page_by_page(store, film):
    await store.put_shots(film, "a", 1, shots(1, 20))
    await store.put_shots(film, "a", 21, shots(21, 5))
    assert await store.count(film, "a") == 25
    page = await store.shots(film, "a", 18, 4)
    assert [shot["shot_id"] for shot in page] == [19, 20, 21, 22]
    assert page[0]["vector"].tolist() == [19, 19, 19]
    assert await store.shots(film, "a", 25, 4) == []


async def test_a_shot_stored_again_takes_the_place_of_the_first(store, film):
    await store.put_shots(film, "a", 1, shots(1, 3))
    await store.put_shots(film, "a", 2, [{"shot_id": "new"}])
    assert [shot["shot_id"] for shot in await store.shots(film, "a", 0, 9)] == [1, "new", 3]


async def test_a_newer_analysis_takes_the_place_of_the_older(store, film):
    await finished(store, film, "a", count=3)
    await finished(store, film, "b", count=2)
    newest = await store.newest(film)
    assert newest is not None
    assert (newest.analysis_id, newest.total_shots, newest.facts) == ("b", 2, {"threshold": 0.3})
    assert await store.count(film, "a") == 0
    assert await store.count(film, "b") == 2


async def test_one_without_keyframes_leaves_the_one_with_them(store, film):
    await finished(store, film, "a")
    await finished(store, film, "b", keyframes=False)
    assert (await store.newest(film)).analysis_id == "b"
    assert (await store.newest(film, keyframes=True)).analysis_id == "a"
    assert await store.count(film, "a") == 2
    await finished(store, film, "c")
    assert {(await store.newest(film, keyframes=k)).analysis_id for k in (False, True)} == {"c"}
    assert [await store.count(film, run) for run in "abc"] == [0, 0, 2]


async def test_finishing_twice_and_beside_another_run_loses_nothing(store, film):
    await store.put_shots(film, "under way", 1, shots(1, 4))
    await finished(store, film, "a")
    await finished(store, film, "a")
    assert [await store.count(film, run) for run in ("a", "under way")] == [2, 4]


async def test_only_shots_of_unfinished_analyses_expire(store, film, mongo):
    await finished(store, film, "a")
    await store.put_shots(film, "b", 1, shots(1, 1))
    documents = await mongo.db["analyzed_shots"].find({"video_asset_id": film}).to_list()
    assert {d["analysis_id"] for d in documents if "expires_at" in d} == {"b"}


async def test_nothing_is_left_of_a_film_that_has_gone(store, film, mongo):
    await finished(store, film, "a")
    await finished(store, film, "b", keyframes=False)
    await store.delete_of(film)
    assert await store.newest(film) is None
    assert await mongo.db["analyzed_shots"].count_documents({"video_asset_id": film}) == 0


class Broken(Exception):
    """Stands for the end of the process."""


class Dying:
    """A collection whose writes end with the process after so many of them; the counter is shared."""

    def __init__(self, collection, left: list[int]) -> None:
        self._collection, self._left = collection, left

    def __getattr__(self, name: str):
        method = getattr(self._collection, name)
        if not name.startswith(("replace", "update", "delete")):
            return method

        async def write(*arguments, **named):
            if self._left[0] == 0:
                raise Broken
            self._left[0] -= 1
            return await method(*arguments, **named)

        return write


async def staying(mongo: Mongo, film: str) -> set[str]:
    """Return the analyses of which there are shots that do not expire."""
    found = mongo.db["analyzed_shots"].find({"video_asset_id": film, "expires_at": {"$exists": False}})
    return {document["analysis_id"] async for document in found}


@pytest.mark.parametrize("keyframes", [True, False])
@pytest.mark.parametrize("writes", range(6))
async def test_wherever_finishing_breaks_off_it_is_made_up_for(store, film, mongo, monkeypatch, writes, keyframes):
    await finished(store, film, "a")
    await store.put_shots(film, "b", 1, shots(1, 3))
    await store.put_shots(film, "under way", 1, shots(1, 4))
    left = [writes]
    for name in ("_heads", "_shots"):
        monkeypatch.setattr(store, name, Dying(getattr(store, name), left))
    try:
        await store.finish(AnalysisRecord(film, "b", 3, keyframes))
        complete = True
    except Broken:
        complete = False
    monkeypatch.undo()
    named = {(await store.newest(film, keyframes=k)).analysis_id for k in (False, True)}
    # What stays is what the film names, or the film is among those to be settled.
    assert await staying(mongo, film) == named or await store.unsettled() == [film]
    for one in await store.unsettled():
        await store.settle(one)
    assert await store.unsettled() == []
    assert await staying(mongo, film) == named
    assert [await store.count(film, run) for run in named] == [3 if run == "b" else 2 for run in named]
    assert await store.count(film, "under way") == 4
    assert complete == (writes >= (5 if keyframes else 4))


async def test_a_job_that_stores_its_shots_again_does_not_make_them_expire(store, film, mongo):
    await finished(store, film, "a")
    await store.put_shots(film, "a", 1, shots(1, 2))
    assert await staying(mongo, film) == {"a"}
    documents = await mongo.db["analyzed_shots"].find({"video_asset_id": film}).to_list()
    assert all("expires_at" not in document for document in documents)
