"""Which pictures may be copies of one another by their features, and the groups that verified pairs make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.sets.neighbours import nearest_neighbours
from dino_analytics.core.sets.telling import Tell, silent

CANDIDATES = 10
"""Nearest pictures of each that are looked at."""


def candidate_pairs(
    rows: NDArray[np.float32], min_cosine: float, tell: Tell = silent, *, nearest: int = CANDIDATES
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Pairs of rows among each other's nearest with at least this cosine, the most alike first.

    Args:
        rows: float32 (n, d), each of length 1.
        min_cosine: of a pair.
        tell: hears how far it is.
        nearest: neighbours of each row that are looked at.

    Returns:
        int32 (pairs, 2), the smaller row first, and float32 (pairs,) cosines.
    """
    found = nearest_neighbours(rows, nearest, tell)
    close = (found.index >= 0) & (found.cosine >= min_cosine)
    first = np.broadcast_to(np.arange(len(rows), dtype=np.int32)[:, None], close.shape)[close]
    second, cosine = found.index[close], found.cosine[close]
    low, high = np.minimum(first, second), np.maximum(first, second)
    key = low.astype(np.int64) * max(1, len(rows)) + high
    unique = np.unique(key, return_index=True)[1]
    low, high, cosine = low[unique], high[unique], cosine[unique]
    order = np.lexsort((high, low, -cosine))
    return np.stack([low, high], axis=1)[order].astype(np.int32), cosine[order].astype(np.float32)


class Groups:
    """Disjoint groups of items 0 … n − 1, joined pair by pair (union by the smaller number)."""

    def __init__(self, count: int) -> None:
        """Everyone alone."""
        self._parent = list(range(count))

    def of(self, item: int) -> int:
        """Return the smallest item of the group."""
        top = item
        while self._parent[top] != top:
            top = self._parent[top]
        while self._parent[item] != top:
            self._parent[item], item = top, self._parent[item]
        return top

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        one, other = self.of(one), self.of(other)
        self._parent[max(one, other)] = min(one, other)

    def together(self, one: int, other: int) -> bool:
        """Whether both are in one group."""
        return self.of(one) == self.of(other)

    def all(self) -> list[list[int]]:
        """Every group, its items and the groups rising."""
        found: dict[int, list[int]] = {}
        for item in range(len(self._parent)):
            found.setdefault(self.of(item), []).append(item)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What speaks for a copy: `pixels`, `file_size` in bytes, `quality` 0–100 or None, `uploaded` in seconds."""

    asset_id: str
    pixels: int
    file_size: int
    quality: float | None
    uploaded: float


def best_copy(copies: Sequence[CopyFacts]) -> tuple[int, str]:
    """Return which copy to keep and why.

    Most pixels, then the quality score (from 3 points of difference), then most bytes (the same pixels in more bytes
    were compressed less), then the earliest upload. Sizes that differ by less than 2 % count as equal.
    """
    if not copies:
        raise ValueError("no copies")
    most = max(copy.pixels for copy in copies)
    left = [n for n, copy in enumerate(copies) if copy.pixels >= 0.98 * most]
    if len(left) == 1:
        return left[0], f"It has the most pixels: {most:,} against {_next(c.pixels for c in copies):,}."
    judged = [copies[n].quality for n in left]
    if all(value is not None for value in judged):
        top = max(value for value in judged if value is not None)
        better = [n for n, value in zip(left, judged, strict=True) if value is not None and value > top - 3.0]
        if len(better) == 1:
            return better[0], f"Of the copies with the most pixels it has the best quality: {top:.1f} of 100."
        left = better
    largest = max(copies[n].file_size for n in left)
    heavy = [n for n in left if copies[n].file_size >= 0.98 * largest]
    if len(heavy) == 1:
        return heavy[0], f"Of equal size and quality it is the least compressed: {largest:,} bytes."
    first = min(heavy, key=lambda n: (copies[n].uploaded, copies[n].asset_id))
    return first, "The copies are equally good; it was uploaded first."


def _next(values: Iterable[int]) -> int:
    ordered = sorted(values, reverse=True)
    return ordered[1] if len(ordered) > 1 else 0
