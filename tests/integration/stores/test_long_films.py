"""A film of thousands of shots fits: into the answer what one document holds, the rest in pages."""

from __future__ import annotations

import uuid
from typing import Any, cast

import numpy as np
import pytest

from dino_common.bus.codec import pack
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.stores.mongo import Mongo, utc_now
from dino_video.analysis.finishing import ANSWER_BYTES, Finishing

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
