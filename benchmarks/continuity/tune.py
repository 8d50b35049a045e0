"""Fit the two regressions of ``dino_analytics.core.continuity.weights`` on the tuning half, and write the file.

Cells first: does what a cell shows differ from the other picture? Then regions of such cells: is it a change, and
of which kind? Half of the scenes check the other half; the weights are of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from benchmarks.continuity.cases import Case, cases
from benchmarks.continuity.looks import Looks
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from dino_analytics.core.continuity import regions
from dino_analytics.core.continuity.alignment import Alignment
from dino_analytics.core.continuity.compare import Look, sides_of
from dino_analytics.core.continuity.light import Light
from dino_analytics.core.continuity.regions import Candidate, Side, candidates, cell_measures, strengths
from dino_analytics.core.continuity.weights import KINDS

WEIGHTS = Path("services/analytics/dino_analytics/core/continuity/weights.py")
# The same of both pictures changed about: what vanished one way appeared the other.
_SWAPPED = (1, 0, 3, 2, 5, 4, 6, 7, 9, 8, 11, 10, 14, 15, 12, 13, 16)
_INSIDE, _COVERED, _BARELY = 0.4, 0.3, 0.1


@dataclass(frozen=True)
class Prepared:
    """A case aligned and weighed cell by cell; ``truth`` float32 shares of each cell that the changed thing covers."""

    case: Case
    sides: tuple[Side, Side]
    alignment: Alignment
    light: Light
    truth: tuple[NDArray[np.float32], NDArray[np.float32]]

    def found(self) -> list[Candidate]:
        """The candidates with the cells' weights as they are now."""
        first, second = (replace(side, strength=strengths(side.evidence)) for side in self.sides)
        return candidates((first, second), self.alignment, self.light)


def prepared(case: Case, looks: Looks) -> Prepared:
    """Align a case and weigh its cells."""
    first, second = (Look(picture, looks.of(picture)) for picture in (case.first, case.second))
    sides, alignment, light = sides_of(first, second)
    rows, columns = first.grid.shape[:2]
    truth = [
        np.asarray(cv2.resize(m.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
        for m in case.masks
    ]
    return Prepared(case, sides, alignment, light, (truth[0], truth[1]))


def tune(scenes: range) -> None:
    """Fit on these scenes of the tuning half and write the weights."""
    looks = Looks()
    every = [prepared(case, looks) for case in cases("tuning", scenes)]
    cells, bias = _cells(every)
    regions.CELL_WEIGHTS, regions.CELL_BIAS = cells, bias
    weights, biases = _regions(every)
    _write(cells, bias, weights, biases)


def _cells(every: Sequence[Prepared]) -> tuple[NDArray[np.float64], float]:
    random = np.random.default_rng(0)
    measures, labels, halves = [], [], []
    for one in every:
        for side, truth in zip(one.sides, one.truth, strict=True):
            if one.case.kind in ("vanished", "appeared") and not truth.any():
                continue  # the ground that was behind the thing: neither changed nor the same
            usable = side.evidence.comparable & ((truth > 0.6) | (truth < 0.02))
            changed = truth[usable] > 0.6
            kept = changed | (random.random(len(changed)) < 0.3)
            measures.append(cell_measures(side.evidence)[usable][kept])
            labels.append(changed[kept])
            halves.append(np.full(int(kept.sum()), _number(one.case) % 2))
    x, y, half = np.concatenate(measures), np.concatenate(labels), np.concatenate(halves)
    for tried in (0, 1):
        fitted = LogisticRegression(max_iter=5000, class_weight="balanced").fit(x[half == tried], y[half == tried])
        print(f"cells: area under the curve {_auc(fitted.decision_function(x[half != tried]), y[half != tried]):.4f}")
    fitted = LogisticRegression(max_iter=5000, class_weight="balanced").fit(x, y)
    return fitted.coef_[0], float(fitted.intercept_[0])


def _regions(every: Sequence[Prepared]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    measures, labels, halves = [], [], []
    reached, wanted = 0, 0
    for one in every:
        found = one.found()
        kinds = [_label(candidate, one) for candidate in found]
        wanted += one.case.kind in KINDS
        reached += one.case.kind in KINDS and one.case.kind in kinds
        for candidate, kind in zip(found, kinds, strict=True):
            if kind is None:
                continue
            turned = {"vanished": "appeared", "appeared": "vanished"}.get(kind, kind)
            measures += [candidate.measures, candidate.measures[list(_SWAPPED)]]
            labels += [KINDS.index(kind), KINDS.index(turned)]
            halves += [_number(one.case) % 2] * 2
    x, y, half = np.stack(measures), np.array(labels), np.array(halves)
    print(f"regions: {reached} of {wanted} changes have a candidate; {len(x)} examples, {np.bincount(y)} by kind")
    middle, spread = x.mean(0), x.std(0)
    for tried in (0, 1):
        fitted = _softmax((x[half == tried] - middle) / spread, y[half == tried])
        right = np.asarray(fitted.predict((x[half != tried] - middle) / spread)) == y[half != tried]
        odds = 1 - fitted.predict_proba((x[half != tried] - middle) / spread)[:, 0]
        print(f"regions: right {right.mean():.3f}, change or none {_auc(odds, y[half != tried] > 0):.4f}")
    fitted = _softmax((x - middle) / spread, y)
    return fitted.coef_ / spread, fitted.intercept_ - fitted.coef_ @ (middle / spread)


def _softmax(x: NDArray[np.float64], y: NDArray[np.int64]) -> LogisticRegression:
    return LogisticRegression(max_iter=5000, C=0.5).fit(x, y)


def _label(candidate: Candidate, one: Prepared) -> str | None:
    """The kind of a candidate that meets the changed thing, ``none`` where there is nothing, None in between."""
    best = 0.0
    for mask, truth in zip(candidate.masks, one.truth, strict=True):
        if not truth.any():
            continue
        met = float(truth[mask].sum())
        if met / mask.sum() >= _INSIDE and met / truth.sum() >= _COVERED:
            return one.case.kind
        best = max(best, met / mask.sum(), met / truth.sum())
    return "none" if best < _BARELY else None


def _number(case: Case) -> int:
    return int(case.scene.rpartition("-")[2])


def _auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(len(scores))
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count - 1) / 2) / (count * (len(scores) - count)))


def _write(cells: NDArray[np.float64], bias: float, weights: NDArray[np.float64], biases: NDArray[np.float64]) -> None:
    def row(values: NDArray[np.float64]) -> str:
        return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"

    before = WEIGHTS.read_text(encoding="utf-8").partition("# In the order of `regions.cell_measures`.")[0]
    lines = [
        "# In the order of `regions.cell_measures`.",
        f"CELL_WEIGHTS = np.array({row(cells)})",
        f"CELL_BIAS = {bias:.4g}",
        "",
        "# A row for each of KINDS, in the order of the measures of `regions.Candidate`.",
        "REGION_WEIGHTS = np.array(",
        "    [",
        *(f"        {row(one)}," for one in weights),
        "    ]",
        ")",
        f"REGION_BIAS = np.array({row(biases)})",
    ]
    WEIGHTS.write_text(before + "\n".join(lines) + "\n", encoding="utf-8")
