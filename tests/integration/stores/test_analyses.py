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
