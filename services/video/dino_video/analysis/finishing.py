"""The last stages of a job: features of the kept shots, and taking the place of the analysis of before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from dino_common.bus.client import BusClient
from dino_common.bus.codec import pack
from dino_common.bus.job_context import JobContext
from dino_common.contracts import OPERATIONS
from dino_common.contracts.internal import EmbedResponse
from dino_common.errors import AssetNotFound, ServiceUnavailable, from_wire
from dino_common.stores.analyses import AnalysisRecord, AnalysisStore
from dino_common.stores.assets import AssetStore
from dino_common.stores.content_lock import Lease
from dino_common.stores.shots import ShotStore
from dino_video.analysis.retiring import Retiring

_EMBEDDED_AT_ONCE = 16
_PAGE = 200
# Of an answer, packed: it is kept in one document of at most 16 MB, and grows to three times this as JSON.
ANSWER_BYTES = 8 * 1024 * 1024


@dataclass
class Finishing:
    """Finishes the analysis of one film in its turn; every step may be done again after a crash.

    Attributes:
        began: when the turn began; older keyframes that nothing names are removed.
    """

    film: str
    analysis_id: str
    total: int
    began: datetime
    lease: Lease
    analyses: AnalysisStore
    assets: AssetStore
    library: ShotStore
    bus: BusClient

    async def pages(self, size: int = _PAGE) -> AsyncIterator[tuple[int, list[dict[str, Any]]]]:
        """Yield the number of a page's first shot and its shots.

        Raises:
            ServiceUnavailable: shots are missing, since the film's turn was lost; they are described again.
        """
        for start in range(0, self.total, size):
            shots = await self.analyses.shots(self.film, self.analysis_id, start, size)
            if len(shots) < min(size, self.total - start):
                raise _removed()
            yield start + 1, shots

    async def embed(self, job: JobContext) -> EmbedResponse | None:
        """Give each shot the features of its best keyframe; all of one model version, or asked again."""
        while True:
            answer: EmbedResponse | None = None
            async for first, shots in self.pages(_EMBEDDED_AT_ONCE):
                await job.advance(first - 1, self.total, "extracting features")
                ids = [_best(shot) for shot in shots]
                found = EmbedResponse.model_validate(await self.bus.call(OPERATIONS["embed"], {"asset_ids": ids}, job))
                if answer is not None and found.model_version != answer.model_version:
                    break  # the model changed meanwhile: vectors of two versions do not stand in one answer
                answer = found
                for shot, item in zip(shots, found.items, strict=True):
                    if item.error is not None:
                        raise from_wire(item.error.model_dump())
                    shot["keyframe_features"] = np.asarray(item.vector, dtype=np.float32)
                # Whoever had taken the turn meanwhile might have removed them.
                await self.lease.confirm()
                await self.analyses.put_shots(self.film, self.analysis_id, first, shots)
            else:
                await job.advance(self.total, self.total, "done")
                return answer

    async def in_answer(self) -> list[dict[str, Any]]:
        """Return the first shots, as many as one answer holds."""
        found: list[dict[str, Any]] = []
        size = 0
        async for _, shots in self.pages():
            for shot in shots:
                size += len(pack(shot))
                if size > ANSWER_BYTES:
                    return found
                found.append(shot)
        return found

    async def replace(self, facts: dict[str, Any], *, keyframes: bool, job: JobContext) -> None:
        """Make this the film's newest analysis, and remove keyframes that nothing names any more.

        Keyframes stay that shots of the library or an analysis under way name, or that are newer than this analysis.

        Raises:
            AssetNotFound: the film was deleted meanwhile; nothing is left behind.
            ServiceUnavailable: another analysis of the film has taken its turn, or a store does not answer.
        """
        await self.lease.confirm()
        if await self.analyses.count(self.film, self.analysis_id) < self.total:
            raise _removed()
        await self.analyses.finish(AnalysisRecord(self.film, self.analysis_id, self.total, keyframes, facts))
        if not await self.assets.get_many([self.film]):
            # Deleted after its analyses were.
            await self.analyses.delete_of(self.film)
            raise AssetNotFound(f"Asset {self.film} not found")
        if keyframes:
            retiring = Retiring(self.analyses, self.assets, self.library, self.bus)
            await retiring.run(self.film, self.began, self.lease, lambda: job)


def _removed() -> ServiceUnavailable:
    return ServiceUnavailable("Shots of the analysis were removed meanwhile", retry_after=2)


def _best(shot: dict[str, Any]) -> str:
    best = max(shot["keyframes"], key=lambda frame: frame["sharpness"] * frame["centrality"])
    return str(best["asset_id"])
