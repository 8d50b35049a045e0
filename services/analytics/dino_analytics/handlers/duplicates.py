"""Handler of the job find-duplicates."""

from __future__ import annotations

import time

from dino_analytics.sets.copy_search import CopySearch
from dino_analytics.sets.job import SetJobs, counting, head
from dino_common.bus.job_context import JobContext
from dino_common.contracts.duplicates import FindDuplicatesRequest, FindDuplicatesResponse


class DuplicateHandlers:
    """Finds copies and says which to keep."""

    def __init__(self, jobs: SetJobs, search: CopySearch) -> None:
        """Use these."""
        self._jobs, self._search = jobs, search

    async def find(self, job: JobContext, request: FindDuplicatesRequest) -> FindDuplicatesResponse:
        """Run find-duplicates."""
        began = time.perf_counter()
        if (page := await self._jobs.next_page(request, "find-duplicates", FindDuplicatesResponse)) is not None:
            return page
        gathered = await self._jobs.gather(job, request, 0.2)
        total = len(gathered.ids)
        copies = await self._search.run(
            gathered,
            min_cosine=request.min_cosine if request.include_near else None,
            min_match=request.min_match,
            progress=counting(job, 0.2, 0.9, total),
        )
        groups = await self._search.described(job, gathered, copies, counting(job, 0.9, 1.0, total))
        await job.advance(max(1, total), max(1, total), "done")
        fields = head(gathered) | {
            "groups": len(groups),
            "duplicates": sum(group.size - 1 for group in groups),
            "exact_pairs_by_hash": total - len(copies.contents),
            "pairs_compared": copies.compared,
            "redundant_bytes": sum(group.redundant_bytes for group in groups),
            "unreadable": copies.unreadable,
            "deleted_meanwhile": gathered.deleted + len(copies.deleted),
        }
        items = [group.model_dump() for group in groups]
        return await self._jobs.first_page(request, "find-duplicates", FindDuplicatesResponse, fields, items, began)
