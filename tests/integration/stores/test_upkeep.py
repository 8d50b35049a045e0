"""What the video service mends by itself: analyses half made known, and what ended jobs left behind."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, cast

import pytest

from dino_common.errors import ServiceUnavailable
from dino_common.stores.analyses import AnalysisRecord, AnalysisStore
from dino_common.stores.assets import AssetStore
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.stores.mongo import Mongo, utc_now
from dino_common.stores.shots import ShotStore
from dino_video.analysis.retiring import Retiring
from dino_video.analysis.turn import turn_of
from dino_video.analysis.upkeep import Upkeep

from .conftest import MakeAsset
from .test_shots import shot


class Gateway:
    """Removes assets as the gateway does when it is asked over the bus."""

    def __init__(self, assets: AssetStore) -> None:
        self._assets = assets
        self.away_for: set[str] = set()

    async def call(self, operation: Any, fields: dict[str, Any], context: Any) -> dict[str, int]:
        if fields["video_asset_id"] in self.away_for:
            raise ServiceUnavailable("nobody answers")
        assert context.remaining() > 0
        for asset_id in fields["asset_ids"]:
            await self._assets.delete(asset_id)
        return {"removed": len(fields["asset_ids"])}


@pytest.fixture
def upkeep(mongo: Mongo) -> Upkeep:
    assets, analyses = AssetStore(mongo), AnalysisStore(mongo)
    retiring = Retiring(analyses, assets, ShotStore(mongo), cast("Any", Gateway(assets)))
    return Upkeep(analyses, JobStore(mongo), ContentLock(mongo), retiring)


@pytest.fixture
def film() -> str:
    return str(uuid.uuid4())


async def analysis(mongo: Mongo, make_asset: MakeAsset, film: str) -> tuple[str, str]:
    """Return an analysis under way that has kept one shot, and its keyframe."""
    job, _ = await JobStore(mongo).create(JobRecord(str(uuid.uuid4()), "analyze-video-shots", "video", {}))
    frame = await AssetStore(mongo).insert(make_asset(job.job_id, derived_from=film, tags=["keyframe"]))
    found = {"keyframes": [{"asset_id": frame.asset_id}]}
    await AnalysisStore(mongo).put_shots(film, job.job_id, 1, [found])
    return job.job_id, frame.asset_id


async def test_shots_and_keyframes_of_a_cancelled_analysis_go(upkeep: Upkeep, mongo, make_asset, film) -> None:
    analyses, assets, jobs = AnalysisStore(mongo), AssetStore(mongo), JobStore(mongo)
    cancelled, lost = await analysis(mongo, make_asset, film)
    running, needed = await analysis(mongo, make_asset, film)
    finished, shown = await analysis(mongo, make_asset, film)
    await analyses.finish(AnalysisRecord(film, finished, 1, True))
    await jobs.begin(finished, "worker")
    await jobs.succeed(finished, {}, "worker")
    await jobs.cancelled(cancelled)
    await upkeep.look()
    assert [await analyses.count(film, run) for run in (cancelled, running, finished)] == [0, 1, 1]
    assert set(await assets.get_many([lost, needed, shown])) == {needed, shown}


async def test_a_film_in_its_turn_is_left_for_the_next_time(upkeep: Upkeep, mongo, make_asset, film) -> None:
    cancelled, lost = await analysis(mongo, make_asset, film)
    await JobStore(mongo).cancelled(cancelled)
    async with ContentLock(mongo).hold(turn_of(film)):
        await upkeep.look()
        assert await AnalysisStore(mongo).count(film, cancelled) == 1
    await upkeep.look()
    assert await AnalysisStore(mongo).count(film, cancelled) == 0
    assert await AssetStore(mongo).get_many([lost]) == {}


async def test_what_could_not_be_removed_is_found_again_and_other_films_do_not_wait(
    upkeep: Upkeep, mongo, make_asset
) -> None:
    gateway, analyses, assets = cast("Gateway", upkeep.retiring.bus), AnalysisStore(mongo), AssetStore(mongo)
    films = [str(uuid.uuid4()) for _ in range(2)]
    runs, lost = zip(*[await analysis(mongo, make_asset, film) for film in films], strict=True)
    for run in runs:
        await JobStore(mongo).cancelled(run)
    gateway.away_for = {films[0]}
    await upkeep.look()
    assert [await analyses.count(film, run) for film, run in zip(films, runs, strict=True)] == [1, 0]
    assert set(await assets.get_many(lost)) == {lost[0]}
    gateway.away_for = set()
    await upkeep.look()
    assert await analyses.count(films[0], runs[0]) == 0
    assert await assets.get_many(lost) == {}


async def test_a_film_of_which_an_analysis_is_asked_for_is_left_for_the_next_time(
    upkeep: Upkeep, mongo, make_asset, film
) -> None:
    jobs, (cancelled, lost) = JobStore(mongo), await analysis(mongo, make_asset, film)
    await jobs.cancelled(cancelled)
    asked = JobRecord(str(uuid.uuid4()), "analyze-video-shots", "video", {"video_asset_id": film})
    await jobs.create(asked)
    await upkeep.look()
    assert set(await AssetStore(mongo).get_many([lost])) == {lost}
    await jobs.cancelled(asked.job_id)
    await upkeep.look()
    assert await AssetStore(mongo).get_many([lost]) == {}


async def test_an_analysis_that_became_the_newest_keeps_its_keyframes(upkeep: Upkeep, mongo, make_asset, film) -> None:
    analyses, (run, shown) = AnalysisStore(mongo), await analysis(mongo, make_asset, film)
    await JobStore(mongo).cancelled(run)
    await analyses.finish(AnalysisRecord(film, run, 1, True))
    # As a crash between the two steps of making it known leaves it, and so that nothing but the removal sees it.
    of_film = {"video_asset_id": film}
    await mongo.db["analyzed_shots"].update_many(of_film, {"$set": {"expires_at": utc_now() + timedelta(days=7)}})
    await upkeep.look()
    assert await analyses.count(film, run) == 1
    assert set(await AssetStore(mongo).get_many([shown])) == {shown}
    assert await mongo.db["analyzed_shots"].count_documents(of_film | {"expires_at": {"$exists": True}}) == 0


async def test_what_a_crash_left_unsettled_is_settled(upkeep: Upkeep, mongo, make_asset, film, monkeypatch) -> None:
    analyses, (run, _) = AnalysisStore(mongo), await analysis(mongo, make_asset, film)

    async def dies(film: str) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(analyses, "settle", dies)
        with pytest.raises(RuntimeError):
            await analyses.finish(AnalysisRecord(film, run, 1, True))
    assert await analyses.unsettled() == [film]
    await upkeep.look()
    assert await analyses.unsettled() == []
    documents = await mongo.db["analyzed_shots"].find({"video_asset_id": film}).to_list()
    assert [document["analysis_id"] for document in documents if "expires_at" not in document] == [run]


async def test_what_is_known_of_a_film_goes_though_nobody_told_of_its_end(upkeep: Upkeep, mongo, make_asset) -> None:
    analyses, library = AnalysisStore(mongo), ShotStore(mongo)
    there = (await AssetStore(mongo).insert(make_asset("film", kind="video"))).asset_id
    gone = str(uuid.uuid4())
    for film in (there, gone):
        await analyses.put_shots(film, "a", 1, [{"keyframes": []}])
        await analyses.finish(AnalysisRecord(film, "a", 1, True))
        await library.put([shot(film, 1)])
    await upkeep.forget_deleted()
    assert gone not in await analyses.films()
    assert gone not in await library.films()
    assert await analyses.count(gone, "a") == 0
    assert there in await analyses.films()
    assert there in await library.films()
