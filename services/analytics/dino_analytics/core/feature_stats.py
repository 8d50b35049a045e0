"""What a feature vector alone says: its statistics and how widely its energy is spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class FeatureStats:
    """Mean, standard deviation, largest and smallest entry of a feature vector."""

    mean: float
    std: float
    max: float
    min: float


def feature_stats(vector: ArrayLike) -> FeatureStats:
    """Statistics over the d entries of a (d,) vector; the population standard deviation."""
    wide = _checked(vector)
    return FeatureStats(float(wide.mean()), float(wide.std()), float(wide.max()), float(wide.min()))


def diversity_score(vector: ArrayLike) -> float:
    """How many of the features take part in describing this picture, 0–100 with one decimal.

    The participation ratio (Σx²)²/Σx⁴ of the (d,) vector counts the entries that share its energy
    (Bell and Dean, Discuss. Faraday Soc. 50, 1970); it is 1 for one entry alone, d for equal ones, and
    d/3 for the normal distribution that a varied picture approaches. The score is 100 · log(ratio)/log(d):
    0 when one feature carries everything, 100 when all carry the same. Independent of the vector's length.
    """
    wide = _checked(vector)
    energy = np.square(wide / np.abs(wide).max())
    ratio = float(energy.sum() ** 2 / np.square(energy).sum())
    if wide.size == 1:
        return 0.0
    return round(100.0 * min(1.0, max(0.0, float(np.log(ratio) / np.log(wide.size)))), 1)


def _checked(vector: ArrayLike) -> NDArray[np.float64]:
    wide = np.asarray(vector, dtype=np.float64)
    if wide.ndim != 1 or wide.size == 0 or not np.isfinite(wide).all() or not wide.any():
        raise ValueError("expected a finite feature vector that is not all zeros")
    return wide
