"""Handler of the job batch-extract-features."""

from __future__ import annotations

import time

from dino_common.bus.job_context import JobContext
from dino_common.contracts.batches import BatchExtractItem, BatchExtractRequest, BatchExtractResponse
from dino_common.errors import DinoError
from dino_common.problems import detail
from dino_inference.extraction import Extractor
from dino_inference.handlers.extract import FeatureHandlers

_NO_NUMBERS: list[float] = []


class BatchHandlers:
    """Extracts a batch chunk by chunk, so that progress shows and a later worker finds the finished ones
    stored."""

    def __init__(self, extractor: Extractor, features: FeatureHandlers, chunk: int) -> None:
        """Args:
        chunk: pictures in work at once.
        """
        self._extractor, self._features, self._chunk = extractor, features, chunk

    async def extract(self, job: JobContext, request: BatchExtractRequest) -> BatchExtractResponse:
        """Run the job; what an earlier worker finished is read from the store instead of computed."""
        began = time.perf_counter()
        ids = list(dict.fromkeys(request.asset_ids))
        results: list[BatchExtractItem] = []
        for start in range(0, len(ids), self._chunk):
            await job.advance(start, len(ids), "extracting")
            chunk = ids[start : start + self._chunk]
            for asset_id, outcome in zip(chunk, await self._extractor.many(chunk, job, durable=True), strict=True):
                if isinstance(outcome, DinoError):
                    if outcome.passing:
                        raise outcome  # a part is down or full: the whole job goes back to the queue
                    results.append(BatchExtractItem(asset_id=asset_id, error=detail(outcome, job.request_id)))
                    continue
                answer = self._features.response(outcome, 0.0)
                if not request.include_features:
                    answer.features = _NO_NUMBERS
                results.append(BatchExtractItem(asset_id=asset_id, result=answer))
        await job.advance(len(ids), len(ids), "done")
        succeeded = sum(item.error is None for item in results)
        return BatchExtractResponse(
            total=len(ids),
            succeeded=succeeded,
            failed=len(ids) - succeeded,
            processing_time=round(time.perf_counter() - began, 6),
            results=results,
        )
