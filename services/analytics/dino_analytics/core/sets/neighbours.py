"""The nearest neighbours of every row by cosine: exact for small sets, by cells of like rows for large ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.sets.telling import Tell, silent

Float32 = NDArray[np.float32]

EXACT = 16_000
"""Rows up to which every pair is compared."""
PROBES = 20
"""Cells that are searched for the neighbours of a cell's rows, its own included."""
_BLOCK_BYTES = 64 * 1024 * 1024
_ROUNDS, _PER_CELL = 6, 40


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Nearest rows of every row, nearest first, itself left out.

    `index` int32 (n, k), -1 where fewer were found; `cosine` float32 (n, k), -2 there.
    """

    index: NDArray[np.int32]
    cosine: Float32


def nearest_neighbours(
    rows: Float32, k: int, tell: Tell = silent, *, exact_up_to: int = EXACT, probes: int = PROBES
) -> Neighbours:
    """Find the k nearest other rows of each row by cosine.

    Above `exact_up_to` rows they are first put into about 2·√n cells by spherical k-means (Dhillon and Modha, Machine
    Learning 42, 2001), and each row is compared with the rows of the `probes` cells nearest to its own (the inverted
    file of Sivic and Zisserman, ICCV 2003): work grows as n·√n in place of n². Nothing is drawn by chance.

    Args:
        rows: float32 (n, d), each of length 1.
        k: at least 1; at most n − 1 are found.
        tell: hears how far it is.
        exact_up_to: rows up to which every pair is compared.
        probes: more find more of the true neighbours, and take longer.

    Returns:
        k columns, or n − 1 where that is less.
    """
    count = len(rows)
    k = max(0, min(k, count - 1))
    found = Neighbours(np.full((count, k), -1, np.int32), np.full((count, k), -2.0, np.float32))
    if k == 0:
        return found
    everyone = np.arange(count, dtype=np.int32)
    if count <= exact_up_to:
        _compare(rows, everyone, everyone, found, lambda share: tell(share, "comparing"))
        return found
    tell(0.0, "sorting into cells")
    centres, cell = _cells(rows)
    ends = np.cumsum(np.bincount(cell, minlength=len(centres)))
    members = np.split(np.argsort(cell, kind="stable").astype(np.int32), ends[:-1])
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :probes]
    for number, mine in enumerate(members):
        if len(mine):
            _compare(rows, mine, np.concatenate([members[other] for other in near[number]]), found)
        if number % 16 == 0:
            tell(number / len(members), "comparing")
    return found


def _compare(
    rows: Float32,
    mine: NDArray[np.int32],
    others: NDArray[np.int32],
    found: Neighbours,
    tell: Callable[[float], None] | None = None,
) -> None:
    """Fill the rows `mine` of `found` from the nearest among `others`."""
    k = found.index.shape[1]
    against = rows[others] if len(others) < len(rows) else rows
    step = max(1, _BLOCK_BYTES // (4 * len(others)))
    for start in range(0, len(mine), step):
        block = mine[start : start + step]
        cosines = rows[block] @ against.T
        cosines[block[:, None] == others[None, :]] = -2.0
        width = min(k, len(others))
        best = np.argpartition(cosines, len(others) - width, axis=1)[:, len(others) - width :]
        values = np.take_along_axis(cosines, best, axis=1)
        # Equal cosines by the row's number, so that the answer does not depend on how it was found.
        order = np.lexsort((others[best], -values), axis=1)
        chosen = np.take_along_axis(best, order, axis=1)
        values = np.take_along_axis(values, order, axis=1)
        found.index[block, :width] = np.where(values > -2.0, others[chosen], -1)
        found.cosine[block, :width] = np.where(values > -2.0, np.clip(values, -1.0, 1.0), -2.0)
        if tell is not None:
            tell((start + len(block)) / len(mine))


def _cells(rows: Float32) -> tuple[Float32, NDArray[np.int64]]:
    """Centres, float32 (cells, d), and the cell of every row."""
    count = len(rows)
    wanted = max(1, int(2 * np.sqrt(count)))
    sample = rows[np.linspace(0, count - 1, min(count, wanted * _PER_CELL)).astype(np.int64)]
    centres = sample[np.linspace(0, len(sample) - 1, wanted).astype(np.int64)].copy()
    for _ in range(_ROUNDS):
        cell = _nearest_centre(sample, centres)
        total = np.zeros_like(centres)
        np.add.at(total, cell, sample)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        centres = np.where(length > 0, total / np.maximum(length, 1e-12), centres).astype(np.float32)
    return centres, _nearest_centre(rows, centres)


def _nearest_centre(rows: Float32, centres: Float32) -> NDArray[np.int64]:
    step = max(1, _BLOCK_BYTES // (4 * len(centres)))
    parts = [(rows[start : start + step] @ centres.T).argmax(axis=1) for start in range(0, len(rows), step)]
    return np.concatenate(parts)
