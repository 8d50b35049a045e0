"""Which regions of a picture look unlike anything in a reference set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]
Verdict = Literal["plausible", "doubtful", "implausible", "unknown"]

TOP = 0.01
"""Share of a picture's patches whose mean is the picture's score (AnomalyDINO)."""
RANK = 0.99
"""Quantile of the reference set's own distances from which a patch is unlike it."""
LEAST_REFERENCES = 3
"""References from which they tell how far pictures of the set lie from each other."""
LEAST_PATCHES = 2
SPREADS = 3.5
"""Robust standard deviations (by median absolute deviation) by which a patch must exceed the picture's median."""


@dataclass(frozen=True, slots=True)
class Region:
    """Patches that look unlike the references: box in shares of the picture, `strength` 0–1, `patches` how many."""

    left: float
    top: float
    right: float
    bottom: float
    strength: float
    patches: int


@dataclass(frozen=True, slots=True)
class Plausibility:
    """The judgement.

    Attributes:
        distances: float32 (rows, columns), cosine distance of each patch to the nearest of the references'.
        shift: by how much the whole picture is farther than the references are from each other: what stands in one
            place changes the tokens of all others a little.
        heat: float32 (rows, columns), 0–1, of the distances less the shift: 0.5 at the bound.
        bound: distance, less the shift, from which a patch is unlike.
        score: 0–100, None without enough references.
        image_distance: mean of the top 1 % of the distances.
        usual: the same of the references to each other, mean and largest; None with fewer than `LEAST_REFERENCES`.
        regions: strongest first.
        nearest: index of the reference that each patch is nearest to, int (rows, columns).
    """

    distances: Grid
    shift: float
    heat: Grid
    bound: float
    score: float | None
    image_distance: float
    usual: tuple[float, float] | None
    regions: list[Region]
    nearest: NDArray[np.int64]
    verdict: Verdict
    confidence: float


def plausibility(patches: Grid, references: Sequence[Grid]) -> Plausibility:
    """Judge a picture's patches by the nearest ones of a reference set.

    Distances as AnomalyDINO (Damm et al., WACV 2025): 1 − cosine to the nearest reference patch, the picture's the mean
    of its top 1 %. What is far is measured on the references themselves, each against the others. It tells "unlike",
    not "wrong": a good picture of something that the references do not show is unlike them, too.

    Args:
        patches: float32 (rows, columns, dimension), each of length 1.
        references: the same of each reference, one or more.
    """
    bank = [grid.reshape(-1, grid.shape[-1]) for grid in references]
    distance, nearest = _distances(patches, bank)
    found = top_mean(distance)
    if len(bank) >= LEAST_REFERENCES:
        own = [_distances(grid, [*bank[:i], *bank[i + 1 :]])[0] for i, grid in enumerate(references)]
        tops = np.array([top_mean(one) for one in own])
        every = np.concatenate([one.ravel() for one in own])
        bound, middle = float(np.quantile(every, RANK)), float(np.median(every))
        usual: tuple[float, float] | None = (float(tops.mean()), float(tops.max()))
        spread = max(float(tops.std()), 0.08 * float(tops.mean()), 0.01)
        beyond = (found - float(tops.mean())) / spread
        score: float | None = round(100.0 / (1.0 + float(np.exp(np.clip(1.2 * (beyond - 3.0), -30, 30)))), 1)
        verdict: Verdict = "plausible" if beyond < 2.0 else "doubtful" if beyond < 4.0 else "implausible"
        sure = min(0.9, 0.3 + 0.05 * len(bank)) * min(1.0, 0.5 + 0.25 * min(abs(beyond - 2.0), abs(beyond - 4.0)))
    else:
        # One or two pictures do not tell how much pictures of their kind differ.
        bound, middle, usual, score, verdict, sure = 0.5, np.inf, None, None, "unknown", 0.0
    shift = max(0.0, float(np.median(distance)) - middle)
    local = np.maximum(distance - shift, 0.0)
    # What stands out must stand out of this picture, too.
    spread = 1.4826 * float(np.median(np.abs(local - np.median(local))))
    bound = max(bound, float(np.median(local)) + SPREADS * spread)
    heat = np.clip(0.5 * local / max(bound, 1e-6), 0.0, 1.0).astype(np.float32)
    regions = _regions(local, bound)
    return Plausibility(distance, shift, heat, bound, score, found, usual, regions, nearest, verdict, round(sure, 4))


def top_mean(distances: Grid) -> float:
    """Mean of the largest 1 %, of one patch at least."""
    flat = np.sort(distances.ravel())[::-1]
    return float(flat[: max(1, round(TOP * flat.size))].mean())


def _distances(patches: Grid, bank: Sequence[Grid]) -> tuple[Grid, NDArray[np.int64]]:
    flat = patches.reshape(-1, patches.shape[-1])
    best = np.stack([(flat @ one.T).max(axis=1) for one in bank])
    shape = patches.shape[:2]
    return np.clip(1.0 - best.max(axis=0), 0.0, 2.0).astype(np.float32).reshape(shape), best.argmax(axis=0).reshape(
        shape
    )


def _regions(distance: Grid, bound: float) -> list[Region]:
    rows, columns = distance.shape
    count, labels = cv2.connectedComponents((distance > bound).astype(np.uint8), connectivity=8)
    found = []
    for label in range(1, count):
        y, x = np.nonzero(labels == label)
        if len(y) < LEAST_PATCHES:
            continue
        beyond = float(distance[y, x].mean()) / max(bound, 1e-6) - 1.0
        found.append(
            Region(
                float(x.min()) / columns,
                float(y.min()) / rows,
                float(x.max() + 1) / columns,
                float(y.max() + 1) / rows,
                round(float(np.clip(beyond, 0.0, 1.0)), 4),
                len(y),
            )
        )
    return sorted(found, key=lambda region: -region.strength * region.patches**0.5)
