"""Analyses of one film take turns, and the keyframes that one removes are those that nothing names."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dino_common.bus.job_context import JobContext
from dino_common.errors import ServiceUnavailable
from dino_common.stores.analyses import AnalysisRecord, AnalysisStore
from dino_common.stores.assets import AssetStore
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.mongo import Mongo, utc_now
from dino_video.analysis.retiring import Retiring
from dino_video.analysis.turn import WAITING, film_turn, turn_of

from .conftest import MakeAsset

NOBODY = cast("Any", None)


class Told:
    """A job that remembers its stages; once it is to be cancelled its next progress ends it."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.heard, self.cancelled = asyncio.Event(), False

    @property
    def job(self) -> JobContext:
        async def tell(progress: Any, checkpoint: Any) -> None:
            self.stages.append(progress.stage)
            self.heard.set()
            if self.cancelled:
                raise asyncio.CancelledError

        return JobContext("request", 0.0, "test", "analyze-video-shots", job_id="job", tell=tell)


async def test_the_second_waits_for_the_first_and_says_so(mongo: Mongo) -> None:
    locks, film, order, told = ContentLock(mongo), str(uuid.uuid4()), [], Told()

    async def second() -> None:
        async with film_turn(locks, film, told.job):
            order.append("second")

    async with film_turn(locks, film, Told().job):
        task = asyncio.create_task(second())
        await told.heard.wait()
        order.append("first")
    await task
    assert order == ["first", "second"]
    assert set(told.stages) == {WAITING}


async def test_who_is_cancelled_while_waiting_leaves_the_turn_to_others(mongo: Mongo) -> None:
    locks, film, told = ContentLock(mongo), str(uuid.uuid4()), Told()
    told.cancelled = True
    async with film_turn(locks, film, Told().job):
        with pytest.raises(asyncio.CancelledError):
            async with film_turn(locks, film, told.job):
                pytest.fail("it was not its turn")
    async with locks.hold(turn_of(film), patience=0.0):
        pass


class Remover:
    """Takes what ``remove-derived-assets`` is asked for."""

    def __init__(self) -> None:
        self.removed: set[str] = set()

    async def call(self, operation: Any, fields: dict[str, Any], context: Any) -> dict[str, int]:
        assert operation.name == "remove-derived-assets"
        self.removed |= set(fields["asset_ids"])
        return {"removed": len(fields["asset_ids"])}


def shot(*keyframes: str) -> dict[str, Any]:
    return {"keyframes": [{"asset_id": one} for one in keyframes]}


@pytest.fixture
async def frames(mongo: Mongo, make_asset: MakeAsset) -> tuple[str, list[str]]:
    """A film and seven keyframes of it."""
    store, film = AssetStore(mongo), str(uuid.uuid4())
    made = [make_asset(f"{film}{n}", derived_from=film, tags=["keyframe"]) for n in range(7)]
    return film, [(await store.insert(record)).asset_id for record in made]


async def test_keyframes_go_that_nothing_names(mongo: Mongo, frames) -> None:
    film, (shelved, bare, newest, running, orphan, released, fresh) = frames
    assets, analyses, bus = AssetStore(mongo), AnalysisStore(mongo), Remover()
    library: Any = SimpleNamespace(keyframes_of=lambda film: _soon({shelved}))
    await analyses.put_shots(film, "a", 1, [shot(bare)])
    await analyses.finish(AnalysisRecord(film, "a", 1, True))
    await analyses.put_shots(film, "b", 1, [shot(newest)])
    await analyses.finish(AnalysisRecord(film, "b", 1, False))
    await analyses.put_shots(film, "c", 1, [shot(running)])
    await assets.update(released, tags=["mine"])
    await mongo.db["assets"].update_one(
        {"_id": fresh}, {"$set": {"upload_timestamp": utc_now() + timedelta(minutes=1)}}
    )
    retiring = Retiring(analyses, assets, library, cast("Any", bus))
    async with film_turn(ContentLock(mongo), film, Told().job) as lease:
        assert await retiring.run(film, utc_now(), lease, lambda: NOBODY) == 1
    assert bus.removed == {orphan}


async def test_who_has_lost_the_turn_removes_nothing(mongo: Mongo, frames) -> None:
    film, _ = frames
    locks, analyses, bus = ContentLock(mongo), AnalysisStore(mongo), Remover()
    library: Any = SimpleNamespace(keyframes_of=lambda film: _soon(set()))
    retiring = Retiring(analyses, AssetStore(mongo), library, cast("Any", bus))
    async with film_turn(locks, film, Told().job) as lease:
        await mongo.db["content_locks"].delete_one({"_id": turn_of(film)})
        async with locks.hold(turn_of(film)):
            with pytest.raises(ServiceUnavailable):
                await retiring.run(film, utc_now(), lease, lambda: NOBODY)
    assert bus.removed == set()


async def _soon(value: Any) -> Any:
    return value
