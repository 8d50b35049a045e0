"""How a set is spread: who is lonely, who stands for many, what is covered and what is rare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.sets.copies import Groups
from dino_analytics.core.sets.neighbours import Neighbours

Float32 = NDArray[np.float32]

MOST_REPRESENTATIVES = 50
_SAMPLE = 3000
_OUTLYING = 3.5


@dataclass(frozen=True, slots=True)
class Spread:
    """Of every row: `near` mean cosine to its neighbours, `central` mean cosine to all rows, `uniqueness` and
    `representativeness` 0–100, `outlier`. `diversity` 0–100 of the set."""

    near: NDArray[np.float64]
    central: NDArray[np.float64]
    uniqueness: NDArray[np.float64]
    representativeness: NDArray[np.float64]
    outlier: NDArray[np.bool_]
    diversity: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that hardly have their like: `members` int64, `cluster` the nearest one or −1, `cosine` to its centre."""

    members: NDArray[np.int64]
    cluster: int
    cosine: float


def spread_of(rows: Float32, neighbours: Neighbours, alike: float) -> Spread:
    """Measure how the rows lie.

    Uniqueness is the percentile of the mean distance to the nearest neighbours, representativeness that of the mean
    cosine to the whole set. An outlier is farther from its neighbours than the median by 3.5 standard deviations,
    estimated by the median absolute deviation (Iglewicz and Hoaglin 1993), and has no neighbour as near as `alike`.
    """
    count = len(rows)
    total = rows.sum(axis=0, dtype=np.float64)
    central = (rows.astype(np.float64) @ total - 1.0) / max(1, count - 1) if count > 1 else np.ones(count)
    pairs = (float(total @ total) - count) / (count * (count - 1)) if count > 1 else 1.0
    if neighbours.index.shape[1] == 0:
        near = np.ones(count)
        outlier = np.zeros(count, bool)
    else:
        there = neighbours.index >= 0
        near = np.where(there, neighbours.cosine, 0.0).sum(axis=1) / np.maximum(1, there.sum(axis=1))
        distance = 1.0 - near
        middle = float(np.median(distance))
        deviation = 1.4826 * float(np.median(np.abs(distance - middle)))
        far = distance > middle + _OUTLYING * max(deviation, 0.01)
        outlier = far & (neighbours.cosine[:, 0] < alike)
    return Spread(
        near.astype(np.float64),
        np.clip(central, -1.0, 1.0),
        percentile(1.0 - near),
        percentile(central),
        outlier,
        float(min(100.0, max(0.0, 100.0 * (1.0 - pairs)))),
    )


def percentile(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the other values that are smaller, equal ones counting half: 0–100; 50 for a single value."""
    count = len(values)
    if count < 2:
        return np.full(count, 50.0)
    rounded = np.round(values, 6)
    ordered = np.sort(rounded)
    below = np.searchsorted(ordered, rounded, "left")
    upto = np.searchsorted(ordered, rounded, "right")
    return 100.0 * (below + (upto - below - 1) / 2.0) / (count - 1)


def coverage(rows: Float32, alike: float) -> tuple[list[int], list[float]]:
    """Choose rows that stand for the set, one after the other, each the one that adds most.

    A row stands for those with a cosine of `alike` or more to it. Greedy maximum coverage (Nemhauser, Wolsey and
    Fisher, Mathematical Programming 14, 1978: at least 63 % of what is possible), on at most 3,000 rows at even
    distances.

    Returns:
        The chosen rows, at most 50, and the share covered after each, rising.
    """
    picked = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.int64)) if len(rows) else []
    if len(picked) == 0:
        return [], []
    sample = rows[picked]
    stands = (sample @ sample.T) >= min(alike, 1.0 - 1e-5)
    np.fill_diagonal(stands, True)
    open_rows = np.ones(len(sample), dtype=bool)
    gains = stands.sum(axis=1)
    chosen: list[int] = []
    shares: list[float] = []
    while open_rows.any() and len(chosen) < MOST_REPRESENTATIVES:
        best = int(gains.argmax())
        fresh = stands[best] & open_rows
        chosen.append(int(picked[best]))
        open_rows &= ~stands[best]
        gains = gains - stands[:, fresh].sum(axis=1)
        shares.append(1.0 - float(open_rows.mean()))
    return chosen, shares


def gaps(rows: Float32, neighbours: Neighbours, alike: float, centres: Float32, limit: int = 20) -> list[Gap]:
    """Kinds of rows of which there are three at most: groups joined by a cosine of `alike` or more.

    The farthest from every cluster first; a set without clusters has its rows in the order of how lonely they are.
    """
    groups = Groups(len(rows))
    lone = (neighbours.cosine >= alike).sum(axis=1) <= 2 if neighbours.index.shape[1] else np.ones(len(rows), bool)
    for row in np.flatnonzero(lone):
        for column in range(neighbours.index.shape[1]):
            if neighbours.cosine[row, column] >= alike:
                groups.join(int(row), int(neighbours.index[row, column]))
    found = []
    for members in groups.all():
        if len(members) <= 3 and bool(lone[members].all()):
            middle = rows[members].mean(axis=0)
            middle /= max(float(np.linalg.norm(middle)), 1e-12)
            cosines = centres @ middle if len(centres) else np.zeros(0)
            nearest = int(cosines.argmax()) if len(centres) else -1
            cosine = float(cosines[nearest]) if len(centres) else 0.0
            lonely = float(neighbours.cosine[members, 0].mean()) if neighbours.index.shape[1] else 0.0
            found.append((cosine if len(centres) else lonely, members, nearest, cosine))
    found.sort(key=lambda gap: (round(gap[0], 6), gap[1]))
    return [Gap(np.asarray(m, np.int64), nearest, min(1.0, max(-1.0, c))) for _, m, nearest, c in found[:limit]]
