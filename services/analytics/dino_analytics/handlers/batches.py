"""Handlers of the jobs batch-analyze-quality and batch-validate-consistency."""

from __future__ import annotations

import asyncio
import time

from dino_analytics.core.similarity import cosine_similarity
from dino_analytics.handlers.compare import CompareHandlers
from dino_analytics.handlers.quality import QualityHandlers
from dino_analytics.vectors import VectorSource
from dino_common.bus.job_context import JobContext
from dino_common.contracts.batches import (
    BatchConsistencyItem,
    BatchConsistencyRequest,
    BatchConsistencyResponse,
    BatchQualityItem,
    BatchQualityRequest,
    BatchQualityResponse,
)
from dino_common.errors import DinoError, InvalidRequest
from dino_common.problems import detail

_CHUNK = 8


class BatchHandlers:
    """Works a batch chunk by chunk; finished quality items are kept in the job's checkpoint."""

    def __init__(self, quality: QualityHandlers, compare: CompareHandlers, vectors: VectorSource) -> None:
        """Use the handlers of the single operations."""
        self._quality, self._compare, self._vectors = quality, compare, vectors

    async def quality(self, job: JobContext, request: BatchQualityRequest) -> BatchQualityResponse:
        """Run batch-analyze-quality."""
        began = time.perf_counter()
        ids = list(dict.fromkeys(request.asset_ids))
        results = [BatchQualityItem.model_validate(item) for item in job.checkpoint or []]
        await job.advance(len(results), len(ids), "judging")
        while len(results) < len(ids):
            chunk = ids[len(results) : len(results) + _CHUNK]
            results += await asyncio.gather(*(self._judge(job, a, request.category) for a in chunk))
            await job.advance(len(results), len(ids), "judging", [r.model_dump(mode="json") for r in results])
        succeeded = sum(item.error is None for item in results)
        return BatchQualityResponse(
            total=len(ids),
            succeeded=succeeded,
            failed=len(ids) - succeeded,
            processing_time=round(time.perf_counter() - began, 6),
            results=results,
        )

    async def _judge(self, job: JobContext, asset_id: str, category: str | None) -> BatchQualityItem:
        try:
            return BatchQualityItem(asset_id=asset_id, result=await self._quality.judge(job, asset_id, category))
        except DinoError as error:
            # A part is down, or the whole request is wrong: no matter of this one picture.
            if error.passing or (isinstance(error, InvalidRequest) and error.message.startswith("category")):
                raise
            return BatchQualityItem(asset_id=asset_id, error=detail(error, job.request_id))

    async def consistency(self, job: JobContext, request: BatchConsistencyRequest) -> BatchConsistencyResponse:
        """Run batch-validate-consistency."""
        began = time.perf_counter()
        ids = list(dict.fromkeys(request.asset_ids))
        model, (reference,) = await self._vectors.all_of([request.reference_asset_id], job)
        results: list[BatchConsistencyItem] = []
        for start in range(0, len(ids), _CHUNK):
            await job.advance(start, len(ids), "judging")
            chunk = ids[start : start + _CHUNK]
            # Of one version from the first to the last, also across a cut-over.
            _, found = await self._vectors.each_of(chunk, job, model)
            for asset_id, outcome in zip(chunk, found, strict=True):
                if isinstance(outcome, DinoError):
                    if outcome.passing:
                        raise outcome
                    results.append(BatchConsistencyItem(asset_id=asset_id, error=detail(outcome, job.request_id)))
                else:
                    verdict = self._compare.verdict(
                        model,
                        (reference.asset_id, asset_id),
                        cosine_similarity(reference.vector, outcome.vector),
                        request.threshold,
                        request.category,
                        time.perf_counter(),
                    )
                    results.append(BatchConsistencyItem(asset_id=asset_id, result=verdict))
        await job.advance(len(ids), len(ids), "done")
        succeeded = sum(item.error is None for item in results)
        return BatchConsistencyResponse(
            reference_asset_id=request.reference_asset_id,
            total=len(ids),
            succeeded=succeeded,
            failed=len(ids) - succeeded,
            consistent=sum(item.result is not None and item.result.same_character for item in results),
            processing_time=round(time.perf_counter() - began, 6),
            results=results,
        )
