"""How well the nearest pictures show the same thing, and how right a threshold is, with intervals. Pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from benchmarks.labelled.measures import Pairs, rates

Interval = tuple[float, float]
MOST_DIFFERENT = 100_000


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % percentile bootstrap interval over subjects."""

    value: float
    low: float
    high: float

    def plain(self) -> dict[str, object]:
        """Return it for a file."""
        return {"value": round(self.value, 4), "interval_95": [round(self.low, 4), round(self.high, 4)]}

    def __str__(self) -> str:
        """Return it for a table."""
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


def precision_and_recall(vectors: np.ndarray, subjects: np.ndarray, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return average precision and recall@k of every picture as a query among all the others.

    Args:
        vectors: float (n, d), rows of length 1; ranked by their dot product.
        subjects: (n,); each subject has at least two pictures.
        k: recall counts those of the subject's other pictures that are among the first k, out of as many as can be.
    """
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :-1]
    relevant = subjects[order] == subjects[:, None]
    found = np.cumsum(relevant, axis=1)
    total = relevant.sum(axis=1)
    precision = found / np.arange(1, relevant.shape[1] + 1)
    average = (precision * relevant).sum(axis=1) / total
    return average, found[:, k - 1] / np.minimum(total, k)


def over_subjects(values: np.ndarray, subjects: np.ndarray, *, rounds: int = 1000, seed: int = 0) -> Estimate:
    """Return the mean of the pictures' values; subjects are resampled, since a subject's pictures hang together."""
    names, number = np.unique(subjects, return_inverse=True)
    sums = np.bincount(number, weights=values)
    counts = np.bincount(number)
    chosen = np.random.default_rng(seed).integers(0, len(names), (rounds, len(names)))
    means = sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    return Estimate(float(values.mean()), *_ends(means))


def pairs_within(
    vectors: np.ndarray, subjects: np.ndarray, kinds: np.ndarray, *, most_different: int = MOST_DIFFERENT
) -> Pairs:
    """Score unordered pairs of rows of the same kind by dot product.

    All pairs of one subject are taken, and of the different ones so many at most, drawn evenly: a hundred thousand tell
    a rate to 0.001, and a bootstrap over all of them would take hours.
    """
    numbers = np.unique(subjects, return_inverse=True)[1]
    row, column = np.triu_indices(len(vectors), 1)
    inside = kinds[row] == kinds[column]
    row, column = row[inside], column[inside]
    same = numbers[row] == numbers[column]
    different = np.flatnonzero(~same)
    if len(different) > most_different:
        different = np.random.default_rng(0).choice(different, most_different, replace=False)
    taken = np.sort(np.concatenate([np.flatnonzero(same), different]))
    row, column = row[taken], column[taken]
    return Pairs(np.einsum("ij,ij->i", vectors[row], vectors[column]), same[taken], numbers[row])


def accuracy(pairs: Pairs, threshold: float, *, rounds: int = 200, seed: int = 0) -> Estimate:
    """Return the balanced accuracy at a threshold: the mean of the shares of same and of different pairs judged right.

    Different pairs outnumber same ones a hundredfold, so that plain accuracy would praise a threshold of 1.
    """
    return _estimate(pairs, lambda chosen: _balanced(chosen, threshold), rounds, seed)


def _balanced(pairs: Pairs, threshold: float) -> float:
    true, false = rates(pairs, np.array([threshold]))
    return float((true[0] + 1 - false[0]) / 2)


def _estimate(pairs: Pairs, measure: Callable[[Pairs], float], rounds: int, seed: int) -> Estimate:
    generator = np.random.default_rng(seed)
    order = np.argsort(pairs.first, kind="stable")
    subjects, starts = np.unique(pairs.first[order], return_index=True)
    groups = np.split(order, starts[1:])
    found = []
    for _ in range(rounds):
        chosen = np.concatenate([groups[n] for n in generator.integers(0, len(subjects), len(subjects))])
        drawn = Pairs(pairs.score[chosen], pairs.same[chosen], pairs.first[chosen])
        if drawn.same.any() and not drawn.same.all():
            found.append(measure(drawn))
    return Estimate(measure(pairs), *_ends(np.asarray(found)))


def _ends(values: np.ndarray) -> Interval:
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))
