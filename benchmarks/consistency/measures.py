"""Accuracy of verdicts and how often light alone flips them. Functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from benchmarks.consistency.scenes import Shot
from benchmarks.labelled.measures import Pairs, best_threshold, threshold_at

ROUNDS = 500
Interval = tuple[float, float]


def mean_directions(vectors: np.ndarray) -> np.ndarray:
    """Return float (n, dimension) of length 1 from (n, lights, dimension)."""
    mean = vectors.mean(axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def pairs_of(vectors: np.ndarray, shots: list[Shot]) -> Pairs:
    """Score every pair of different pictures, but of one object only those from two sides."""
    subjects = np.unique([shot.subject for shot in shots], return_inverse=True)[1]
    views = np.array([shot.view for shot in shots])
    row, column = np.triu_indices(len(shots), 1)
    same = subjects[row] == subjects[column]
    kept = ~same | (views[row] != views[column])
    row, column, same = row[kept], column[kept], same[kept]
    return Pairs((vectors @ vectors.T)[row, column], same, subjects[row])


@dataclass(frozen=True)
class Accuracy:
    """Balanced accuracy and both rates at a threshold, with a 95 % interval over subjects."""

    threshold: float
    accuracy: float
    interval: Interval
    true_positive: float
    false_positive: float


def accuracy(pairs: Pairs, threshold: float) -> Accuracy:
    """Judge pairs by a threshold: a pair is the same at or above it."""
    passed = pairs.score >= threshold
    subjects, number = np.unique(pairs.first, return_inverse=True)
    counts = [
        np.bincount(number, weights=which, minlength=len(subjects))
        for which in (passed & pairs.same, pairs.same, passed & ~pairs.same, ~pairs.same)
    ]

    def balanced(weight: np.ndarray) -> float:
        hits, positives, false, negatives = (float(weight @ count) for count in counts)
        return (hits / max(positives, 1) + 1 - false / max(negatives, 1)) / 2

    true, false = float(passed[pairs.same].mean()), float(passed[~pairs.same].mean())
    return Accuracy(threshold, (true + 1 - false) / 2, _interval(balanced, len(subjects)), true, false)


@dataclass(frozen=True)
class Flips:
    """How often a verdict changes when nothing but the light does; intervals over subjects."""

    of_same: float
    of_same_interval: Interval
    of_different: float
    of_different_interval: Interval
    comparisons: int


def flips(vectors: np.ndarray, shots: list[Shot], threshold: float) -> Flips:
    """Hold each object's first picture against pictures under the usual light and under each other light.

    Same: the object from its other side. Different: the next twelve objects from their first side.
    """
    place = {(shot.subject, shot.view, shot.light): n for n, shot in enumerate(shots)}
    subjects = sorted({shot.subject for shot in shots})
    lights = sorted({shot.light for shot in shots} - {0})
    same: list[list[bool]] = []
    different: list[list[bool]] = []
    for number, subject in enumerate(subjects):
        reference = vectors[place[subject, 0, 0]]
        others = [subjects[(number + step) % len(subjects)] for step in range(1, 13)]
        for rows, tests in ((same, [(subject, 1)]), (different, [(other, 0) for other in others])):
            rows.append(
                [
                    bool(reference @ vectors[place[name, view, 0]] >= threshold)
                    != bool(reference @ vectors[place[name, view, light]] >= threshold)
                    for name, view in tests
                    for light in lights
                ]
            )
    found = []
    for rows in (same, different):
        shares = np.array([np.mean(row) for row in rows])
        found += [float(shares.mean()), _interval(lambda w, s=shares: float(w @ s / w.sum()), len(shares))]
    return Flips(found[0], found[1], found[2], found[3], sum(len(row) for row in (*same, *different)))


def flips_apart(
    first: np.ndarray, second: np.ndarray, shots: list[Shot], thresholds: tuple[float, float]
) -> tuple[float, Interval]:
    """Return by how much rarer the second method's flips of same pairs are, with its interval over subjects."""
    per_subject = []
    for vectors, threshold in ((first, thresholds[0]), (second, thresholds[1])):
        place = {(shot.subject, shot.view, shot.light): n for n, shot in enumerate(shots)}
        rows = []
        for subject in sorted({shot.subject for shot in shots}):
            reference = vectors[place[subject, 0, 0]]
            usual = reference @ vectors[place[subject, 1, 0]] >= threshold
            lights = sorted({shot.light for shot in shots} - {0})
            rows.append(np.mean([(reference @ vectors[place[subject, 1, k]] >= threshold) != usual for k in lights]))
        per_subject.append(np.array(rows))
    gain = per_subject[0] - per_subject[1]
    return float(gain.mean()), _interval(lambda w: float(w @ gain / w.sum()), len(gain))


def calibrated(pairs: Pairs, false_positive_rate: float) -> tuple[float, float]:
    """Return the threshold of best balanced accuracy, and the one that lets so many different pairs pass."""
    return best_threshold(pairs), threshold_at(pairs, false_positive_rate)


def _interval(measure: Callable[[np.ndarray], float], subjects: int) -> Interval:
    random = np.random.default_rng(0)
    found = [
        measure(np.bincount(random.integers(0, subjects, subjects), minlength=subjects).astype(float))
        for _ in range(ROUNDS)
    ]
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))
