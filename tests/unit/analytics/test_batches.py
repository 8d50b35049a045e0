"""A batch: one picture's fault is an item, a part that is down concerns the whole job."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from dino_analytics.handlers.batches import BatchHandlers
from dino_common.bus.job_context import JobContext
from dino_common.contracts.batches import BatchQualityRequest
from dino_common.errors import Conflict, DinoError, InvalidFileFormat, ModelNotLoaded, ServiceUnavailable


class Judging:
    """Fails for every picture with the same error."""

    def __init__(self, error: DinoError) -> None:
        self.error = error

    async def judge(self, context: object, asset_id: str, category: str | None) -> Any:
        raise self.error


def job() -> JobContext:
    return JobContext("request-1", deadline=2e9, operation="batch-analyze-quality", job_id="job-1")


REQUEST = BatchQualityRequest(asset_ids=[str(uuid.uuid4()) for _ in range(3)])


async def test_fault_of_a_picture_is_its_own():
    handlers = BatchHandlers(Judging(InvalidFileFormat("a film")), None, None)  # type: ignore[arg-type]
    answer = await handlers.quality(job(), REQUEST)
    assert (answer.failed, answer.results[0].error.code) == (3, "INVALID_FILE_FORMAT")


@pytest.mark.parametrize(
    "error",
    [ServiceUnavailable("MongoDB does not answer"), ModelNotLoaded("down"), Conflict("changing", retry_after=3)],
)
async def test_part_that_is_down_puts_the_whole_job_back(error: DinoError):
    """Inference restarted in the middle of a batch must not fail all the rest of it."""
    handlers = BatchHandlers(Judging(error), None, None)  # type: ignore[arg-type]
    with pytest.raises(type(error)):
        await handlers.quality(job(), REQUEST)
