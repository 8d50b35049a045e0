"""How the jobs on sets read their set, tell how far they are, and answer page by page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dino_analytics.sets.beside import Progress
from dino_analytics.sets.gather import Gathered, Gatherer
from dino_analytics.sets.results import SetResults
from dino_common.bus.job_context import JobContext
from dino_common.contracts.set_scope import SetRequest, SetResponse

R = TypeVar("R", bound=SetResponse)


def counting(job: JobContext, start: float, end: float, total: int) -> Progress:
    """Return what tells of a part of a job, from its start to its end, each a share of the whole, in pictures."""

    async def progress(share: float, stage: str) -> None:
        at = start + (end - start) * min(1.0, max(0.0, share))
        await job.advance(min(total - 1, int(at * total)) if total > 1 else 0, max(1, total), stage)

    return progress


@dataclass(frozen=True, slots=True)
class SetJobs:
    """What every job on a set uses."""

    gatherer: Gatherer
    results: SetResults

    async def gather(self, job: JobContext, request: SetRequest, end: float = 0.3) -> Gathered:
        """Return the request's set; reading it is the job's share up to ``end``."""

        async def progress(done: int, total: int) -> None:
            await job.advance(int(end * done), max(1, total), "reading features")

        return await self.gatherer.gather(job, request.asset_ids, request.filters, progress)

    async def next_page(self, request: SetRequest, operation: str, answer: type[R]) -> R | None:
        """Return the page at the request's cursor; None when it has none.

        Raises:
            InvalidRequest: the cursor is none of this operation's, or has expired.
        """
        if request.cursor is None:
            return None
        began = time.perf_counter()
        page = await self.results.page(operation, request.cursor, request.limit)
        fields = page.fields | {"processing_time": round(time.perf_counter() - began, 6)}
        return answer.model_validate(fields | {"items": page.items, "next_cursor": page.next_cursor})

    async def first_page(
        self,
        request: SetRequest,
        operation: str,
        answer: type[R],
        fields: dict[str, Any],
        items: Sequence[dict[str, Any]],
        began: float,
    ) -> R:
        """Keep what does not fit the first page and return that."""
        fields = fields | {"processing_time": round(time.perf_counter() - began, 6)}
        page = await self.results.first_page(operation, fields, items, request.limit)
        return answer.model_validate(page.fields | {"items": page.items, "next_cursor": page.next_cursor})


def head(gathered: Gathered) -> dict[str, Any]:
    """Fields that every answer about a set has."""
    return {
        "total": len(gathered.ids),
        "without_features": gathered.without_features,
        "deleted_meanwhile": gathered.deleted,
        "model": gathered.model.name,
        "model_version": gathered.model.version,
    }
