"""Handler of the job detect-anomalies."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from dino_analytics.core.sets.anomaly import Bank, image_score, odd_region, patch_distances, threshold_of
from dino_analytics.dense import Dense
from dino_analytics.draw.anomaly_maps import OddPicture, draw_all, draw_one
from dino_analytics.serving import ServingModel, ServingWatch
from dino_analytics.sets.job import SetJobs
from dino_analytics.sets.patch_bank import BankBuilder, Gone, looked_at
from dino_common.bus.job_context import JobContext
from dino_common.contracts.anomalies import (
    MOST_REFERENCES,
    MOST_TESTED,
    AnomalyItem,
    DetectAnomaliesRequest,
    DetectAnomaliesResponse,
    Region,
)
from dino_common.errors import Conflict, InvalidRequest

_CALIBRATED = 100
"""Reference pictures that are held against the others to find the threshold, at even distances."""


@dataclass(frozen=True, slots=True)
class _Scored:
    asset_id: str
    score: float
    distances: np.ndarray


@dataclass(frozen=True, slots=True)
class _Sets:
    """Ids of the reference and of the tested pictures; `alone`: they are the same."""

    reference: list[str]
    tested: list[str]
    alone: bool


class AnomalyHandlers:
    """Holds pictures against reference pictures, patch by patch."""

    def __init__(self, jobs: SetJobs, dense: Dense, serving: ServingWatch) -> None:
        """Use these."""
        self._jobs, self._dense, self._serving = jobs, dense, serving

    async def detect(self, job: JobContext, request: DetectAnomaliesRequest) -> DetectAnomaliesResponse:
        """Run detect-anomalies."""
        began = time.perf_counter()
        if (page := await self._jobs.next_page(request, "detect-anomalies", DetectAnomaliesResponse)) is not None:
            return page
        sets = await self._sets(request)
        gone = Gone(self._jobs.gatherer.living)
        model = self._serving.current()
        calibrating = sets.reference[:: max(1, len(sets.reference) // _CALIBRATED)]
        steps = len(sets.reference) + len(sets.tested) + (0 if sets.alone else len(calibrating))
        bank, place, seen = await self._bank(job, sets.reference, model, steps, gone)
        if seen < 2 <= len(sets.reference):
            raise Conflict("All reference pictures but one were deleted during the request")
        if len(place) < 2 and (sets.alone or len(sets.reference) > 1):
            raise InvalidRequest("The reference pictures are one content, which cannot be held against itself")
        scored = await self._scored(job, sets.tested, bank, place, model, len(sets.reference), steps, "scoring", gone)
        if sets.alone:
            reference_scores = [one.score for one in scored]
        elif len(sets.reference) > 1:
            done = len(sets.reference) + len(sets.tested)
            held = await self._scored(job, calibrating, bank, place, model, done, steps, "calibrating", gone)
            reference_scores = [one.score for one in held]
        else:
            reference_scores = []
        threshold, source = _threshold(request, reference_scores)
        scored.sort(key=lambda one: (-round(one.score, 6), one.asset_id))
        await gone.note([one.asset_id for one in scored])
        scored = _without(scored, gone)
        usual = float(np.median(np.concatenate([one.distances.ravel() for one in scored]))) if scored else 0.0
        drawings, sheet = await self._drawn(job, scored[: request.drawings], model, threshold, usual, gone)
        scored = _without(scored, gone)
        await job.advance(steps, steps, "done")
        shown = sorted(reference_scores)
        fields = {
            "total": len(scored),
            "without_features": 0,
            "deleted_meanwhile": len(gone.ids),
            "model": model.name,
            "model_version": model.version,
            "mode": "leave_one_out" if sets.alone else "reference",
            "threshold": threshold,
            "threshold_source": source,
            "reference_pictures": seen,
            "reference_scores": [round(score, 4) for score in shown[:: max(1, -(-len(shown) // 100))]],
            "bank_patches": len(bank.patches),
            "anomalous": sum(one.score > threshold for one in scored),
            "drawing": sheet,
        }
        items = [_item(one, threshold, drawings.get(one.asset_id)).model_dump() for one in scored]
        return await self._jobs.first_page(request, "detect-anomalies", DetectAnomaliesResponse, fields, items, began)

    async def _sets(self, request: DetectAnomaliesRequest) -> _Sets:
        gatherer = self._jobs.gatherer
        tested = await gatherer.names(request.asset_ids, request.filters)
        if request.reference_asset_ids is None and request.reference_filters is None:
            _check(len(tested), 2, MOST_REFERENCES, "asset_ids", "pictures to hold against each other")
            return _Sets(tested, tested, alone=True)
        reference = await gatherer.names(request.reference_asset_ids, request.reference_filters)
        if request.asset_ids is None:
            known = set(reference)
            tested = [asset_id for asset_id in tested if asset_id not in known]
        _check(len(tested), 1, MOST_TESTED, "asset_ids", "pictures to test")
        _check(len(reference), 1, MOST_REFERENCES, "reference_asset_ids", "reference pictures")
        if set(tested) & set(reference) and len(reference) < 2:
            raise InvalidRequest("reference_asset_ids: a picture cannot be held against itself alone")
        if request.threshold is None and len(reference) < 3:
            raise InvalidRequest(
                f"reference_asset_ids: {len(reference)} reference pictures tell no threshold",
                details="Give three reference pictures or more, or a threshold.",
            )
        return _Sets(reference, tested, alone=False)

    async def _bank(
        self, job: JobContext, reference: list[str], model: ServingModel, steps: int, gone: Gone
    ) -> tuple[Bank, dict[str, int], int]:
        builder, seen = BankBuilder(len(reference)), 0
        async for number, looked in looked_at(self._dense, reference, job, model, gone):
            builder.add(looked)
            seen += 1
            await job.advance(number + 1, steps, "looking at the reference")
        return builder.finish(), builder.contents, seen

    async def _scored(
        self,
        job: JobContext,
        asset_ids: list[str],
        bank: Bank,
        place: dict[str, int],
        model: ServingModel,
        done: int,
        steps: int,
        stage: str,
        gone: Gone,
    ) -> list[_Scored]:
        found: list[_Scored] = []
        async for number, looked in looked_at(self._dense, asset_ids, job, model, gone):
            rows, columns, width = looked.patches.shape
            asset_id, without = asset_ids[number], place.get(looked.record.sha256)
            if without is not None and len(place) < 2:
                raise InvalidRequest(f"asset_ids: {asset_id} is the only reference picture's content")
            distances = await asyncio.to_thread(
                patch_distances, looked.patches.reshape(-1, width), bank, without=without
            )
            found.append(_Scored(asset_id, image_score(distances), distances.reshape(rows, columns)))
            await job.advance(done + number + 1, steps, stage)
        return found

    async def _drawn(
        self,
        job: JobContext,
        worst: list[_Scored],
        model: ServingModel,
        threshold: float,
        usual: float,
        gone: Gone,
    ) -> tuple[dict[str, Any], dict[str, Any] | None]:
        ids = [one.asset_id for one in worst]
        seen = {ids[place]: looked async for place, looked in looked_at(self._dense, ids, job, model, gone)}
        worst = [one for one in worst if one.asset_id in seen]
        if not worst:
            return {}, None
        odds = [
            OddPicture(looked.picture, one.distances, one.score, looked.record.filename, odd_region(one.distances))
            for one in worst
            for looked in (seen[one.asset_id],)
        ]
        each = await asyncio.to_thread(lambda: [draw_one(odd, threshold, usual) for odd in odds])
        sheet = await asyncio.to_thread(draw_all, odds, threshold, usual)
        return {one.asset_id: drawing for one, drawing in zip(worst, each, strict=True)}, sheet.model_dump()


def _without(scored: list[_Scored], gone: Gone) -> list[_Scored]:
    return [one for one in scored if one.asset_id not in gone.ids]


def _check(count: int, least: int, most: int, name: str, what: str) -> None:
    if not least <= count <= most:
        raise InvalidRequest(f"{name}: {count} {what}; {least} to {most} are possible")


def _threshold(request: DetectAnomaliesRequest, scores: list[float]) -> tuple[float, str]:
    if request.threshold is not None:
        return request.threshold, "request"
    if len(scores) < 3:
        raise InvalidRequest(
            f"asset_ids: {len(scores)} pictures tell no threshold",
            details="Give three pictures or more, or a threshold.",
        )
    return min(2.0, threshold_of(np.asarray(scores, np.float64), request.false_alarm_rate)), "reference"


def _item(one: _Scored, threshold: float, drawing: Any) -> AnomalyItem:
    left, top, right, bottom = odd_region(one.distances)
    return AnomalyItem(
        asset_id=one.asset_id,
        score=round(one.score, 5),
        anomalous=one.score > threshold,
        region=Region(left=left, top=top, right=right, bottom=bottom),
        odd_share=round(float((one.distances > threshold).mean()), 4),
        drawing=drawing,
    )
