"""Scores of pictures by examples of what is wanted and what is not; rows are features of length 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def wished_direction(positive: NDArray[np.float32], negative: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 (d,), of length 1: mean(positive) + (mean(positive) - mean(negative)), as Rocchio's method
    ("Relevance feedback in information retrieval", 1971) with equal weights.

    Args:
        positive, negative: float32 (n, d) with n >= 1, and (m, d) with m >= 0.

    Raises:
        ValueError: the examples cancel each other.
    """
    mean = positive.mean(0)
    direction = 2 * mean - negative.mean(0) if len(negative) else mean
    length = float(np.linalg.norm(direction))
    if length < 1e-6:
        raise ValueError("the examples cancel each other")
    return (direction / length).astype(np.float32)


def best_score(positive: float, negative: float | None) -> float:
    """Return the score by the nearest example of each side: the cosine with the positive one, or minus that with the
    negative one where that is nearer."""
    return positive if negative is None or positive > negative else -negative
