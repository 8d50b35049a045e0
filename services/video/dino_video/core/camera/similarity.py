"""Robust fit of one similarity to point pairs, in complex numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Float = NDArray[np.float64]

HYPOTHESES = 160
"""Random point pairs tried: with 30 % inliers the chance to miss all good ones is below 1e-6."""
LARGEST_SCALE = 1.6
"""A pair of points that asks for a larger change of size than this, or its inverse, is not tried."""
REFITS = 3


@dataclass(frozen=True, slots=True)
class Similarity:
    """The map z → a·z + b of the plane of complex numbers x + iy, y downwards.

    `support` is the weighted share of the points, 0–1, within the tolerance; `inliers` booleans (n,).
    """

    a: complex
    b: complex
    support: float
    inliers: NDArray[np.bool_]

    def apply(self, points: Complex) -> Complex:
        """Where the points (n,) go."""
        return self.a * points + self.b


def fit_similarity(
    source: Complex, target: Complex, tolerance: float, *, weights: Float | None = None, seed: int = 7
) -> Similarity:
    """The similarity that most points agree on; the rest (moving subjects, lost tracks) has no say.

    RANSAC (Fischler and Bolles, CACM 24, 1981) over minimal sets of two points, scored as MSAC (Torr and
    Zisserman, CVIU 78, 2000), then least squares on the inliers. The identity and the median translation are
    tried too. The same input gives the same output: the random numbers are seeded.
    `source`, `target` complex (n,), n ≥ 2; `tolerance` in their unit. Raises ValueError for n < 2.
    """
    if len(source) < 2 or source.shape != target.shape:
        raise ValueError(f"a similarity needs two or more point pairs, got {source.shape} and {target.shape}")
    weights = np.ones(len(source)) if weights is None else weights
    a, b = _hypotheses(source, target, seed)
    residual = np.abs(a[:, None] * source + b[:, None] - target)
    score = np.maximum(0.0, 1.0 - np.square(residual / tolerance)) @ weights
    best = int(score.argmax())
    a_best, b_best = complex(a[best]), complex(b[best])
    for _ in range(REFITS):
        chosen = np.abs(a_best * source + b_best - target) <= tolerance
        if np.count_nonzero(chosen) < 2:
            break
        a_best, b_best = _least_squares(source[chosen], target[chosen], weights[chosen])
    inliers = np.abs(a_best * source + b_best - target) <= tolerance
    return Similarity(a_best, b_best, float(weights[inliers].sum() / weights.sum()), inliers)


def _hypotheses(source: Complex, target: Complex, seed: int) -> tuple[Complex, Complex]:
    random = np.random.default_rng(seed)
    first = random.integers(0, len(source), 4 * HYPOTHESES)
    second = random.integers(0, len(source), 4 * HYPOTHESES)
    between = source[second] - source[first]
    # Far apart: two neighbours say little of scale and rotation.
    far = np.argsort(-np.abs(between), kind="stable")[: 2 * HYPOTHESES : 2]
    first, second, between = first[far], second[far], between[far]
    usable = np.abs(between) > 1e-9
    first, second, between = first[usable], second[usable], between[usable]
    a = (target[second] - target[first]) / between
    plausible = (np.abs(a) < LARGEST_SCALE) & (np.abs(a) > 1.0 / LARGEST_SCALE)
    a, first = a[plausible], first[plausible]
    b = target[first] - a * source[first]
    shift = target - source
    median = complex(np.median(shift.real), np.median(shift.imag))
    return np.concatenate([[1.0, 1.0], a]), np.concatenate([[0.0, median], b])


def _least_squares(source: Complex, target: Complex, weights: Float) -> tuple[complex, complex]:
    total = weights.sum()
    centre, goal = (weights @ source) / total, (weights @ target) / total
    spread = source - centre
    power = float(weights @ np.square(np.abs(spread)))
    if power < 1e-12:
        return 1.0 + 0.0j, complex(goal - centre)
    a = complex((weights * np.conj(spread)) @ (target - goal) / power)
    return a, complex(goal - a * centre)
