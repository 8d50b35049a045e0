"""How far two model versions agree on which pictures are alike, without ever comparing vectors of the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 3
"""Items below which nearest neighbours say nothing."""


def nearest(rows: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Return the k nearest other rows of each row by cosine, unordered.

    Args:
        rows: float (n, d) of length 1, n > k.
        k: at least 1.

    Returns:
        Integers (n, k).
    """
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argpartition(-cosines, k - 1, axis=1)[:, :k]


def neighbour_agreement(
    first: NDArray[np.float32], second: NDArray[np.float32], neighbours: int
) -> tuple[float | None, int]:
    """Return the mean share of nearest neighbours that two sets of features of the same items have in common.

    Each set is compared within itself alone, so their dimensions may differ. No more than half of the other items
    count as neighbours, or any two versions would agree on a small sample.

    Args:
        first, second: float (n, d1) and (n, d2), each row of length 1, the same item at the same place.
        neighbours: wanted for each item, at least 1.

    Returns:
        The share, 0 to 1, or None for fewer than three items; and the number of neighbours looked at.

    Raises:
        ValueError: the numbers of items differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} items are not {len(second)}")
    if len(first) < FEWEST:
        return None, 0
    k = max(1, min(neighbours, (len(first) - 1) // 2))
    shared = [len(np.intersect1d(a, b)) for a, b in zip(nearest(first, k), nearest(second, k), strict=True)]
    return float(np.mean(shared)) / k, k
