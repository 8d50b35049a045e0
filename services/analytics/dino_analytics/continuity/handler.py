"""Handler of the job check-continuity."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from dino_analytics.continuity.drawn import drawing, to_draw
from dino_analytics.continuity.pairs import Chosen, Pairs
from dino_analytics.continuity.telling import MOST_CROPS, compared
from dino_analytics.continuity.tiled import CloseLooks
from dino_analytics.dense import Dense
from dino_analytics.serving import ServingModel, ServingWatch
from dino_common.bus.job_context import JobContext
from dino_common.contracts.continuity import CheckContinuityRequest, CheckContinuityResponse, PairContinuity
from dino_common.contracts.drawing import Drawing

_CHECKPOINT_EVERY = 8
_AT_ONCE = 2
# An answer is one document: changes beyond these have boxes alone.
_CROPPED = 120


class ContinuityHandler:
    """Compares pictures pair by pair; what is compared is kept in the job's checkpoint."""

    def __init__(self, pairs: Pairs, dense: Dense, serving: ServingWatch) -> None:
        """Use these."""
        self._pairs, self._dense, self._serving = pairs, dense, serving
        # A comparison takes a core for a good second: as many at once leave others of the service theirs.
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def check(self, job: JobContext, request: CheckContinuityRequest) -> CheckContinuityResponse:
        """Run the job check-continuity; begun again after a crash, it goes on from what was compared.

        Raises:
            AssetNotFound, InvalidFileFormat: a picture or the film is missing or of the wrong kind.
            NotFound: the film has no keyframes, or not of a shot that was asked for.
            InvalidRequest: a region names a picture that is not compared.
            DinoError: of the stores or of inference.
        """
        began = time.perf_counter()
        chosen = await self._pairs.of(request, job)
        model = self._serving.current()
        found, model = await self._compare(chosen, request, job, model)
        return CheckContinuityResponse(
            video_asset_id=request.video_asset_id,
            pairs=found,
            changed_pairs=sum(pair.verdict == "changed" for pair in found),
            alone=chosen.alone,
            left_out=chosen.left_out,
            drawing=await self._draw(found, job),
            sensitivity=request.sensitivity,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _compare(
        self, chosen: Chosen, request: CheckContinuityRequest, job: JobContext, model: ServingModel
    ) -> tuple[list[PairContinuity], ServingModel]:
        looks = CloseLooks(self._dense)
        found = _saved(job, model.version)
        await job.advance(len(found), len(chosen.pairs), "comparing")
        for number, (first, second) in enumerate(chosen.pairs):
            if number < len(found):
                continue
            at_first, here = await looks.of(first.asset_id, job)
            at_second, there = await looks.of(second.asset_id, job)
            if at_first != at_second or at_second.version != model.version:
                # The model changed meanwhile: features of two versions are never compared.
                job.checkpoint = None
                return await self._compare(chosen, request, job, at_second)
            async with self._turns:
                crops = min(MOST_CROPS, _CROPPED - _crops(found))
                found.append(await asyncio.to_thread(compared, here, there, request, crops))
            done = len(found)
            save = done % _CHECKPOINT_EVERY == 0 and done < len(chosen.pairs)
            told = [pair.model_dump(mode="json") for pair in found] if save else None
            checkpoint = None if told is None else {"model_version": model.version, "pairs": told}
            await job.advance(done, len(chosen.pairs), "comparing", checkpoint)
        return found, model

    async def _draw(self, pairs: list[PairContinuity], job: JobContext) -> Drawing | None:
        chosen = to_draw(pairs)
        if not chosen:
            return None
        ids = [asset_id for pair in chosen for asset_id in (pair.first.asset_id, pair.second.asset_id)]
        _, looked = await self._dense.look(ids, job)
        pictures = [(looked[i].picture, looked[i + 1].picture) for i in range(0, len(looked), 2)]
        return await asyncio.to_thread(drawing, chosen, pictures)


def _crops(pairs: list[PairContinuity]) -> int:
    return sum(change.crop_1 is not None for pair in pairs for change in pair.changes)


def _saved(job: JobContext, version: str) -> list[PairContinuity]:
    """Return what an earlier worker has compared with the same model."""
    checkpoint: Any = job.checkpoint
    if not isinstance(checkpoint, dict) or checkpoint.get("model_version") != version:
        return []
    return [PairContinuity.model_validate(pair) for pair in checkpoint.get("pairs", [])]
