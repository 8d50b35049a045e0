"""How well a score tells same from different: ROC, intervals, thresholds, retrieval. Functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pairs:
    """Scored pairs: ``score`` float (n,), ``same`` bool (n,), ``first`` the subject number of each pair's first."""

    score: np.ndarray
    same: np.ndarray
    first: np.ndarray


def pairs_of(vectors: np.ndarray, subjects: list[str]) -> Pairs:
    """Score every unordered pair of rows, float (n, d) of length 1, by cosine."""
    numbers = np.unique(np.asarray(subjects), return_inverse=True)[1]
    row, column = np.triu_indices(len(vectors), 1)
    return Pairs((vectors @ vectors.T)[row, column], numbers[row] == numbers[column], numbers[row])


def auc(score: np.ndarray, same: np.ndarray) -> float:
    """Area under the ROC curve, by ranks (Mann–Whitney U); ties count half. 0–1."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2)[inverse]
    positives = int(same.sum())
    negatives = len(same) - positives
    return float((rank[same].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def auc_interval(pairs: Pairs, *, rounds: int = 200, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap of the AUC, resampling subjects, since pairs of one subject are not independent."""
    generator = np.random.default_rng(seed)
    order = np.argsort(pairs.first, kind="stable")
    subjects, starts = np.unique(pairs.first[order], return_index=True)
    groups = np.split(order, starts[1:])
    found = []
    for _ in range(rounds):
        chosen = np.concatenate([groups[n] for n in generator.integers(0, len(subjects), len(subjects))])
        same = pairs.same[chosen]
        if same.any() and not same.all():
            found.append(auc(pairs.score[chosen], same))
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def rates(pairs: Pairs, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True and false positive rate at each threshold (a pair passes at or above it)."""
    positives, negatives = np.sort(pairs.score[pairs.same]), np.sort(pairs.score[~pairs.same])
    true = 1 - np.searchsorted(positives, thresholds, side="left") / len(positives)
    false = 1 - np.searchsorted(negatives, thresholds, side="left") / len(negatives)
    return true, false


def best_threshold(pairs: Pairs) -> float:
    """Threshold with the largest true minus false positive rate (Youden's J), to 0.001."""
    grid = np.arange(-1000, 1001) / 1000
    true, false = rates(pairs, grid)
    return float(grid[np.argmax(true - false)])


def threshold_at(pairs: Pairs, false_positive_rate: float) -> float:
    """Smallest threshold, to 0.001, that lets at most this part of the different pairs pass."""
    grid = np.arange(-1000, 1001) / 1000
    _, false = rates(pairs, grid)
    return float(grid[np.argmax(false <= false_positive_rate)])


def logistic(pairs: Pairs, *, rounds: int = 50) -> tuple[float, float]:
    """Fit P(same) = 1 / (1 + exp(−slope·(score − midpoint))) by Newton's method, both classes weighing the
    same.

    Returns (slope, midpoint).
    """
    design = np.stack([pairs.score, np.ones_like(pairs.score)], axis=1).astype(np.float64)
    weight = np.where(pairs.same, 0.5 / pairs.same.sum(), 0.5 / (~pairs.same).sum())
    beta = np.zeros(2)
    for _ in range(rounds):
        probability = 1 / (1 + np.exp(-np.clip(design @ beta, -40, 40)))
        gradient = design.T @ (weight * (pairs.same - probability))
        curvature = (design * (weight * probability * (1 - probability))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return float(beta[0]), float(-beta[1] / beta[0])


def top1(vectors: np.ndarray, subjects: list[str]) -> float:
    """Part of the rows whose nearest other row shows the same subject. 0–1."""
    names = np.asarray(subjects)
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -np.inf)
    return float((names[cosine.argmax(axis=1)] == names).mean())
