"""Handler of calibrate-threshold."""

from __future__ import annotations

import asyncio
import time

import numpy as np

from dino_analytics.core.sets.calibration import (
    Errors,
    area,
    choose_threshold,
    cross_validated,
    errors_at,
    intervals,
    needed,
    roc,
    wilson,
)
from dino_analytics.core.similarity import similarity_score
from dino_analytics.core.thresholds import canonical_category
from dino_analytics.in_force import InForce
from dino_analytics.serving import ServingModel
from dino_analytics.vectors import VectorSource
from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.contracts.calibration import (
    FEWEST_OF_A_KIND,
    CalibrateThresholdRequest,
    CalibrateThresholdResponse,
    ErrorRates,
    Interval,
    RocPoint,
)
from dino_common.contracts.configuration import CategoryThresholds
from dino_common.errors import InvalidRequest
from dino_common.stores.characters import CharacterStore

_AT_ONCE = 100


class CalibrationHandlers:
    """Scores labelled pairs and chooses a threshold."""

    def __init__(self, vectors: VectorSource, in_force: InForce, characters: CharacterStore, bus: BusClient) -> None:
        """Use these."""
        self._vectors, self._in_force, self._characters, self._bus = vectors, in_force, characters, bus

    async def calibrate(self, context: Context, request: CalibrateThresholdRequest) -> CalibrateThresholdResponse:
        """Answer ``POST /calibrate-threshold``."""
        began = time.perf_counter()
        same = np.array([pair.same for pair in request.pairs])
        _enough(request, int(same.sum()), int((~same).sum()))
        if request.character_id is not None:
            await self._characters.get(request.character_id)  # before the work, should it not exist
        model, scores = await self._scores(context, request)
        before = await self._before(model, request)
        units = [(pair.asset_id_1, pair.asset_id_2) for pair in request.pairs]
        answer = await asyncio.to_thread(_calibrated, request, scores, same, units, before)
        stored = await self._store(context, request, model, answer["threshold"])
        return CalibrateThresholdResponse(
            **answer,
            threshold_before=before,
            same_pairs=int(same.sum()),
            different_pairs=int((~same).sum()),
            assets=len({name for unit in units for name in unit}),
            stored_on=stored,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _scores(self, context: Context, request: CalibrateThresholdRequest) -> tuple[ServingModel, np.ndarray]:
        ids = sorted({name for pair in request.pairs for name in (pair.asset_id_1, pair.asset_id_2)})
        model: ServingModel | None = None
        found: dict[str, np.ndarray] = {}
        for start in range(0, len(ids), _AT_ONCE):
            model, embedded = await self._vectors.all_of(ids[start : start + _AT_ONCE], context, model)
            found |= {one.asset_id: one.vector for one in embedded}
        assert model is not None
        cosines = [float(found[p.asset_id_1] @ found[p.asset_id_2]) for p in request.pairs]
        return model, np.array([similarity_score(cosine) for cosine in cosines])

    async def _before(self, model: ServingModel, request: CalibrateThresholdRequest) -> float:
        own = None
        if request.character_id is not None:
            threshold = (await self._characters.get(request.character_id)).threshold(model.version)
            own = None if threshold is None else threshold.value
        known = request.category is not None and self._in_force.knows(request.category)
        return self._in_force.consistency(model, None, request.category if known else None, own).value

    async def _store(
        self, context: Context, request: CalibrateThresholdRequest, model: ServingModel, value: float
    ) -> str | None:
        if request.character_id is not None:
            await self._characters.set_threshold(request.character_id, value, model.version)
            return f"character:{request.character_id}"
        if request.category is None:
            return None
        name = canonical_category(request.category) or request.category
        kept = self._in_force.category(name) if self._in_force.knows(name) else CategoryThresholds()
        thresholds = kept.model_copy(update={"consistency": value})
        fields = {"category": name, "thresholds": thresholds.model_dump()}
        await self._bus.call(OPERATIONS["set-category-thresholds"], fields, context)
        return f"category:{name}"


def _enough(request: CalibrateThresholdRequest, same: int, different: int) -> None:
    """Refuse too few pairs for the target.

    Raises:
        InvalidRequest: says how many are needed.
    """
    same_needed, different_needed = needed(request.target, request.rate, FEWEST_OF_A_KIND)
    for kind, count, least in (("same", same, same_needed), ("different", different, different_needed)):
        if count < least:
            goal = request.target if request.rate is None else f"{request.target} of {request.rate:g}"
            raise InvalidRequest(
                f"pairs: the target {goal} needs at least {least} {kind} pairs, got {count}",
                details="A rate of one in n can only be told from n pairs; label more, or ask for a larger one.",
            )


def _calibrated(
    request: CalibrateThresholdRequest,
    scores: np.ndarray,
    same: np.ndarray,
    units: list[tuple[str, str]],
    before: float,
) -> dict:
    threshold = choose_threshold(scores, same, request.target, request.rate)
    on_pairs = errors_at(scores, same, threshold)
    expected = cross_validated(scores, same, units, request.target, request.rate)
    auc_interval, threshold_interval = intervals(scores, same, units, request.target, request.rate)
    met = {
        "false_positive_rate": on_pairs.false_positive <= (request.rate or 0) + 1e-9,
        "false_negative_rate": on_pairs.false_negative <= (request.rate or 0) + 1e-9,
    }.get(request.target, True)
    return {
        "threshold": threshold,
        "threshold_interval": _interval(threshold_interval),
        "target": request.target,
        "rate": request.rate,
        "target_met": met,
        "on_pairs": _rates(on_pairs),
        "expected": _rates(expected),
        "false_positive_interval": _interval(wilson(expected.false_positive, int((~same).sum()))),
        "false_negative_interval": _interval(wilson(expected.false_negative, int(same.sum()))),
        "before": _rates(errors_at(scores, same, before)),
        "auc": round(area(scores, same), 4),
        "auc_interval": _interval(auc_interval),
        "roc": [
            RocPoint(threshold=round(cut, 2), true_positive_rate=round(true, 4), false_positive_rate=round(false, 4))
            for cut, true, false in roc(scores, same)
        ],
        "notes": _notes(scores, same, units),
    }


def _notes(scores: np.ndarray, same: np.ndarray, units: list[tuple[str, str]]) -> list[str]:
    notes = []
    labels: dict[frozenset[str], set[bool]] = {}
    for unit, kind in zip(units, same, strict=True):
        labels.setdefault(frozenset(unit), set()).add(bool(kind))
    if both := sum(len(kinds) > 1 for kinds in labels.values()):
        notes.append(f"{both} pairs are labelled both as the same and as different.")
    if (repeated := len(units) - len(labels)) > 0:
        notes.append(f"{repeated} pairs are given more than once and count as often.")
    if min(int(same.sum()), int((~same).sum())) < 50:
        notes.append("Fewer than 50 pairs of a kind: the intervals are wide; label more before relying on it.")
    if area(scores, same) < 0.7:
        notes.append("The scores hardly tell the two kinds apart (area under the curve below 0.7): no threshold will.")
    return notes


def _rates(errors: Errors) -> ErrorRates:
    return ErrorRates(
        false_positive_rate=round(errors.false_positive, 4),
        false_negative_rate=round(errors.false_negative, 4),
        accuracy=round(errors.accuracy, 4),
    )


def _interval(bounds: tuple[float, float]) -> Interval:
    return Interval(low=round(bounds[0], 4), high=round(bounds[1], 4))
