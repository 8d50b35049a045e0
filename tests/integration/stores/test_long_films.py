"""A film of thousands of shots fits: into the answer what one document holds, the rest in pages."""

from __future__ import annotations

import uuid
from typing import Any, cast

import numpy as np
import pytest

from dino_common.bus.codec import pack
from dino_common.bus.job_context import JobContext
from dino_common.errors import ServiceUnavailable
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.stores.mongo import Mongo, utc_now
from dino_video.analysis.finishing import ANSWER_BYTES, Finishing
from dino_video.analysis.turn import turn_of

SHOTS = 5000


def shot(number: int) -> dict[str, Any]:
    """As large as an analysed one."""
    vector = np.full(384, number, np.float32)
    return {"shot_id": number, "labels": "x" * 2000, "keyframes": [], "keyframe_features": vector}


@pytest.fixture
async def finishing(mongo: Mongo) -> Finishing:
    analyses, film, run = AnalysisStore(mongo), str(uuid.uuid4()), str(uuid.uuid4())
    for first in range(1, SHOTS, 500):
        await analyses.put_shots(film, run, first, [shot(n) for n in range(first, first + 500)])
    nobody = cast("Any", None)
    return Finishing(film, run, SHOTS, utc_now(), nobody, analyses, nobody, nobody, nobody)


async def test_an_answer_holds_the_first_shots_as_many_as_a_job_may_keep(finishing: Finishing, mongo: Mongo) -> None:
    shots = await finishing.in_answer()
    assert [one["shot_id"] for one in shots] == list(range(1, len(shots) + 1))
    assert 1000 < len(shots) < SHOTS
    assert len(pack(shots)) <= ANSWER_BYTES + 8
    jobs = JobStore(mongo)
    job, _ = await jobs.create(JobRecord(str(uuid.uuid4()), "analyze-video-shots", "video", {}))
    await jobs.begin(job.job_id, "worker")
    assert (await jobs.succeed(job.job_id, {"shot_analyses": shots}, "worker")).status == "succeeded"


async def test_pages_hold_every_shot_once(finishing: Finishing) -> None:
    seen: list[int] = []
    async for first, shots in finishing.pages(300):
        assert shots[0]["shot_id"] == first
        seen += [one["shot_id"] for one in shots]
    assert seen == list(range(1, SHOTS + 1))


async def test_an_analysis_whose_shots_were_removed_is_neither_answered_nor_made_known(mongo: Mongo) -> None:
    analyses, film, run, nobody = AnalysisStore(mongo), str(uuid.uuid4()), str(uuid.uuid4()), cast("Any", None)
    await analyses.put_shots(film, run, 3, [shot(3)])
    assert await analyses.count(film, run) == 0
    async with ContentLock(mongo).hold(turn_of(film)) as lease:
        finishing = Finishing(film, run, 3, utc_now(), lease, analyses, nobody, nobody, nobody)
        with pytest.raises(ServiceUnavailable, match="removed"):
            await finishing.in_answer()
        with pytest.raises(ServiceUnavailable, match="removed"):
            await finishing.replace({}, keyframes=True, job=nobody)
    assert await analyses.newest(film) is None


class Embedder:
    """Answers for every keyframe, and has the film's turn taken away meanwhile."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def call(self, operation: Any, fields: dict[str, Any], context: Any) -> dict[str, Any]:
        await self._mongo.db["content_locks"].delete_many({})
        vector = np.zeros(4, np.float32)
        items = [{"asset_id": one, "vector": vector} for one in fields["asset_ids"]]
        return {"model": "m", "model_version": "m@1", "dimension": 4, "items": items}


async def test_who_has_lost_the_turn_stores_no_features(mongo: Mongo) -> None:
    analyses, film, run = AnalysisStore(mongo), str(uuid.uuid4()), str(uuid.uuid4())
    frame = {"asset_id": str(uuid.uuid4()), "sharpness": 1.0, "centrality": 1.0}
    await analyses.put_shots(film, run, 1, [{"keyframes": [frame]}])
    nobody = cast("Any", None)

    async def tell(progress: Any, checkpoint: Any) -> None:
        """Tell nobody."""

    job = JobContext("request", 0.0, "test", "analyze-video-shots", job_id=run, tell=tell)
    async with ContentLock(mongo).hold(turn_of(film)) as lease:
        bus = cast("Any", Embedder(mongo))
        finishing = Finishing(film, run, 1, utc_now(), lease, analyses, nobody, nobody, bus)
        with pytest.raises(ServiceUnavailable, match="lost"):
            await finishing.embed(job)
    assert "keyframe_features" not in (await analyses.shots(film, run, 0, 1))[0]
