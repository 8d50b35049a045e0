"""A threshold from labelled pairs, and with which errors to reckon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Target = Literal["false_positive_rate", "false_negative_rate", "equal_error", "accuracy"]

ROUNDS = 400
"""Resamplings of a confidence interval."""
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Errors:
    """Shares of pairs judged wrong at a threshold, 0–1; `balanced` accuracy weighs both kinds the same."""

    false_positive: float
    false_negative: float
    accuracy: float


def errors_at(scores: Float64, same: Bools, threshold: float) -> Errors:
    """Errors of pairs that pass at `threshold` or above. Both kinds of pairs must be there."""
    passes = scores >= threshold
    return Errors(float(passes[~same].mean()), float((~passes[same]).mean()), float((passes == same).mean()))


def choose_threshold(scores: Float64, same: Bools, target: Target, rate: float | None = None) -> float:
    """Choose the threshold (0–100, one decimal) for a target.

    Candidates lie between neighbouring scores; of those that reach the target equally well the one in the middle of
    the widest gap is taken, so that a pair between the two kinds is as far from either.

    Args:
        scores: similarity scores 0–100.
        same: whether each pair shows the same.
        target: `false_positive_rate`: the lowest threshold that at most `rate` of the different pairs pass;
            `false_negative_rate`: the highest one that at most `rate` of the same pairs fail; `equal_error`: both
            rates as near to each other as they get, then small; `accuracy`: least sum of both rates.
        rate: of the first two.
    """
    cuts, true, false = _sweep(scores, same)
    if target == "false_positive_rate":
        cost = np.where(false <= (rate or 0.0) + 1e-12, 1.0 - true, np.inf)
    elif target == "false_negative_rate":
        cost = np.where(1.0 - true <= (rate or 0.0) + 1e-12, false, np.inf)
    elif target == "equal_error":
        cost = np.abs(false - (1.0 - true)) + 1e-3 * (false + 1.0 - true)
    else:
        cost = false + 1.0 - true
    best = np.flatnonzero(cost <= cost.min() + 1e-9)
    values = np.unique(scores)
    below = np.concatenate([[min(0.0, values[0])], values])[best]
    above = np.concatenate([values, [max(100.0, values[-1])]])[best]
    widest = int((above - below).argmax())
    return float(min(100.0, max(0.0, math.ceil(round(float(cuts[best[widest]]) * 10.0, 6)) / 10)))


def _sweep(scores: Float64, same: Bools) -> tuple[Float64, Float64, Float64]:
    """Thresholds between the scores, and the true and false positive rate at each."""
    values = np.unique(scores)
    cuts = np.concatenate([[values[0]], (values[1:] + values[:-1]) / 2.0, [min(100.0, values[-1]) + 0.1]])
    positives, negatives = np.sort(scores[same]), np.sort(scores[~same])
    true = 1.0 - np.searchsorted(positives, cuts, "left") / len(positives)
    false = 1.0 - np.searchsorted(negatives, cuts, "left") / len(negatives)
    return cuts, true, false


def roc(scores: Float64, same: Bools, most: int = 200) -> list[tuple[float, float, float]]:
    """Threshold (0–100), true and false positive rate, thresholds rising; at most so many points, at even distances
    along the curve."""
    cuts, true, false = _sweep(scores, same)
    turns = np.flatnonzero(np.concatenate([[True], (np.diff(true) != 0) | (np.diff(false) != 0)]))
    kept = turns[np.unique(np.linspace(0, len(turns) - 1, min(most, len(turns))).astype(np.int64))]
    return [(float(min(100.0, max(0.0, cuts[n]))), float(true[n]), float(false[n])) for n in kept]


def area(scores: Float64, same: Bools) -> float:
    """Area under the ROC curve, 0–1: the chance that a same pair scores above a different one, ties counting half
    (Hanley and McNeil, Radiology 143, 1982)."""
    negatives = np.sort(scores[~same])
    below = np.searchsorted(negatives, scores[same], "left")
    upto = np.searchsorted(negatives, scores[same], "right")
    return float(((below + upto) / 2.0).mean() / len(negatives))


def intervals(
    scores: Float64,
    same: Bools,
    units: Sequence[tuple[str, str]],
    target: Target,
    rate: float | None,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % percentile intervals of the area under the curve and of the threshold.

    Assets are resampled, not pairs: a pair counts as often as both of its assets were drawn together (the pigeonhole
    bootstrap of Owen, Annals of Applied Statistics 1, 2007), because pairs that share an asset are not independent.
    """
    names = {name: n for n, name in enumerate(sorted({name for unit in units for name in unit}))}
    first = np.array([names[one] for one, _ in units])
    second = np.array([names[other] for _, other in units])
    random = np.random.default_rng(seed)
    areas: list[float] = []
    cuts: list[float] = []
    for _ in range(rounds):
        times = np.bincount(random.integers(0, len(names), len(names)), minlength=len(names))
        weight = times[first] * times[second]
        chosen = np.repeat(np.arange(len(scores)), weight)
        if len(chosen) and same[chosen].any() and not same[chosen].all():
            areas.append(area(scores[chosen], same[chosen]))
            cuts.append(choose_threshold(scores[chosen], same[chosen], target, rate))
    if not areas:
        return (0.0, 1.0), (0.0, 100.0)
    return _middle(areas), _middle(cuts)


def cross_validated(
    scores: Float64, same: Bools, units: Sequence[tuple[str, str]], target: Target, rate: float | None
) -> Errors:
    """Errors on pairs that took no part in choosing the threshold: each fold judged by the one of the others.

    Pairs that share an asset go into one fold, as far as there are as many groups of them as folds; else pairs are
    dealt out by themselves, both kinds evenly.
    """
    fold = _folds(units, same)
    wrong_same = wrong_different = 0
    for number in range(FOLDS):
        out = fold == number
        rest = ~out
        if not out.any():
            continue
        if not same[rest].any() or same[rest].all():
            rest = np.ones_like(out)
        threshold = choose_threshold(scores[rest], same[rest], target, rate)
        passes = scores[out] >= threshold
        wrong_same += int((~passes & same[out]).sum())
        wrong_different += int((passes & ~same[out]).sum())
    return Errors(
        wrong_different / int((~same).sum()),
        wrong_same / int(same.sum()),
        1.0 - (wrong_same + wrong_different) / len(scores),
    )


def _folds(units: Sequence[tuple[str, str]], same: Bools) -> NDArray[np.int64]:
    parent: dict[str, str] = {}

    def top(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in units:
        parent[top(one)] = top(other)
    groups = [top(one) for one, _ in units]
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    fold = np.zeros(len(units), np.int64)
    if len(sizes) >= 2 * FOLDS and max(sizes.values()) <= len(units) / FOLDS:
        place: dict[str, int] = {}
        load = [0] * FOLDS
        for group in sorted(sizes, key=lambda name: (-sizes[name], name)):
            place[group] = load.index(min(load))
            load[place[group]] += sizes[group]
        fold[:] = [place[group] for group in groups]
        return fold
    for kind in (True, False):
        mine = np.flatnonzero(same == kind)
        fold[mine] = np.arange(len(mine)) % FOLDS
    return fold


def wilson(wrong: float, count: int) -> tuple[float, float]:
    """95 % interval of a rate seen on so many pairs (Wilson, JASA 22, 1927), 0–1."""
    z = 1.959964
    middle = (wrong + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(wrong * (1 - wrong) / count + z * z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def needed(target: Target, rate: float | None, fewest: int) -> tuple[int, int]:
    """Same and different pairs that a target needs at least: one pair more or less must be able to tell the rate."""
    if rate is None:
        return fewest, fewest
    enough = max(fewest, math.ceil(1.0 / rate))
    return (enough, fewest) if target == "false_negative_rate" else (fewest, enough)


def _middle(values: list[float]) -> tuple[float, float]:
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))
