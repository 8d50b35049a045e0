from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from dino_common.contracts.jobs import JobProgress
from dino_common.errors import JobNotFound, ProcessingFailed
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.stores.mongo import Mongo, utc_now

_HALF = JobProgress(stage="extract", done=5, total=10, fraction=0.5, rate=2.0, eta_seconds=2.5)


def _job(**fields: Any) -> JobRecord:
    plain: dict[str, Any] = {
        "job_id": str(uuid.uuid4()),
        "operation": "batch-extract-features",
        "service": "inference",
        "request": {"asset_ids": ["a", "b"], "a.dotted$key": None},
    }
    return JobRecord(**(plain | fields))


@pytest.fixture
async def store(mongo: Mongo) -> JobStore:
    await mongo.db["jobs"].delete_many({})
    return JobStore(mongo)


async def test_job_reads_back_as_created(store: JobStore) -> None:
    job, created = await store.create(_job(request_id="r-1"))
    assert created
    assert job == await store.get(job.job_id)
    assert job.status == "queued"


async def test_creating_the_same_id_again_returns_the_first(store: JobStore) -> None:
    job = _job()
    outcomes = await asyncio.gather(*(store.create(replace(job, request={"n": n})) for n in range(5)))
    assert sum(created for _, created in outcomes) == 1
    assert len({str(record.request) for record, _ in outcomes}) == 1


async def test_unknown_job_is_not_found(store: JobStore) -> None:
    for call in (store.get("missing-id"), store.begin("missing-id", "w"), store.request_cancel("missing-id")):
        with pytest.raises(JobNotFound):
            await call


async def test_every_beginning_counts_and_the_start_stays_the_first(store: JobStore) -> None:
    job, _ = await store.create(_job())
    first = await store.begin(job.job_id, "one")
    second = await store.begin(job.job_id, "two")
    assert first is not None
    assert second is not None
    assert (first.attempts, second.attempts) == (1, 2)
    assert (first.status, second.owner) == ("running", "two")
    assert second.started_at == first.started_at is not None


async def test_checkpoint_with_arrays_survives_for_the_next_worker(store: JobStore) -> None:
    job, _ = await store.create(_job())
    await store.begin(job.job_id, "one")
    await store.progress(job.job_id, _HALF, {"done": ["a"], "vectors": np.arange(6, dtype=np.float32).reshape(2, 3)})
    await store.progress(job.job_id, _HALF)
    resumed = await store.begin(job.job_id, "two")
    assert resumed is not None
    assert resumed.progress == _HALF
    assert resumed.checkpoint["done"] == ["a"]
    assert np.array_equal(resumed.checkpoint["vectors"], np.arange(6, dtype=np.float32).reshape(2, 3))


async def test_result_keeps_arrays_and_the_end_is_final(store: JobStore) -> None:
    job, _ = await store.create(_job())
    await store.begin(job.job_id, "one")
    await store.succeed(job.job_id, {"features": np.ones(4, dtype=np.float32)})
    ended = await store.get(job.job_id)
    assert ended.status == "succeeded"
    assert ended.progress.fraction == 1.0
    assert ended.finished_at is not None
    assert np.array_equal(ended.result["features"], np.ones(4))
    for change in (
        store.fail(job.job_id, ProcessingFailed("late")),
        store.cancelled(job.job_id),
        store.request_cancel(job.job_id),
        store.progress(job.job_id, _HALF),
        store.succeed(job.job_id, {}),
    ):
        assert (await change).status == "succeeded"
    assert await store.begin(job.job_id, "two") is None
    after = await store.get(job.job_id)
    assert not after.cancel_requested
    assert (after.finished_at, after.error, after.progress) == (ended.finished_at, None, ended.progress)


async def test_failure_keeps_the_typed_error(store: JobStore) -> None:
    job, _ = await store.create(_job())
    await store.begin(job.job_id, "one")
    failed = await store.fail(job.job_id, ProcessingFailed("it broke", details="mend it"))
    assert failed.status == "failed"
    assert failed.error == {
        "code": "PROCESSING_FAILED", "message": "it broke", "details": "mend it", "retry_after": None
    }  # fmt: skip


async def test_cancelling_a_queued_job_ends_it_at_once(store: JobStore) -> None:
    job, _ = await store.create(_job())
    cancelled = await store.request_cancel(job.job_id)
    assert cancelled.status == "cancelled"
    assert cancelled.finished_at is not None
    assert await store.begin(job.job_id, "one") is None


async def test_cancelling_a_running_job_reaches_its_worker_with_the_next_progress(store: JobStore) -> None:
    job, _ = await store.create(_job())
    await store.begin(job.job_id, "one")
    assert (await store.request_cancel(job.job_id)).status == "running"
    assert (await store.progress(job.job_id, _HALF)).cancel_requested
    assert (await store.cancelled(job.job_id)).status == "cancelled"


async def test_job_cancelled_while_its_worker_was_dead_is_not_begun_again(store: JobStore) -> None:
    job, _ = await store.create(_job())
    await store.begin(job.job_id, "dead")
    await store.request_cancel(job.job_id)
    assert await store.begin(job.job_id, "next") is None
    assert (await store.get(job.job_id)).status == "cancelled"


async def test_of_two_ends_at_once_exactly_one_counts(store: JobStore) -> None:
    for _ in range(5):
        job, _ = await store.create(_job())
        await store.begin(job.job_id, "one")
        ends = await asyncio.gather(store.succeed(job.job_id, {"n": 1}), store.cancelled(job.job_id))
        assert len({end.status for end in ends}) == 1
        assert (await store.get(job.job_id)).status == ends[0].status


async def test_result_larger_than_a_document_is_a_typed_error(store: JobStore) -> None:
    job, _ = await store.create(_job())
    await store.begin(job.job_id, "one")
    with pytest.raises(ProcessingFailed, match="MB"):
        await store.succeed(job.job_id, {"big": np.zeros(5_000_000, dtype=np.float32)})
    assert (await store.get(job.job_id)).status == "running"


async def test_list_pages_newest_first_with_filters(store: JobStore) -> None:
    now = utc_now()
    jobs = [(await store.create(_job(created_at=now + timedelta(milliseconds=n // 2))))[0] for n in range(7)]
    await store.begin(jobs[0].job_id, "w")
    await store.succeed(jobs[0].job_id, {"n": 1})
    await store.create(_job(operation="batch-analyze-quality", service="analytics", created_at=now - timedelta(days=1)))
    seen, cursor = [], None
    while True:
        page, cursor = await store.list(2, cursor, operation="batch-extract-features")
        seen += [record.job_id for record in page]
        assert all(record.result is None for record in page)
        if cursor is None:
            break
    assert seen == [j.job_id for j in sorted(jobs, key=lambda j: (j.created_at, j.job_id), reverse=True)]
    assert [j.job_id for j in (await store.list(10, status="succeeded"))[0]] == [jobs[0].job_id]
    assert await store.counts() == {"queued": 7, "succeeded": 1}


async def test_expired_documents_are_left_to_the_server(mongo: Mongo, store: JobStore) -> None:
    information = await mongo.db["jobs"].index_information()
    assert information["expires_at_1"]["expireAfterSeconds"] == 0
