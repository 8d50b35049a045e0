"""Regions of cells that speak for a change, seen in both pictures at once, and what they measure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.continuity.alignment import Alignment
from dino_analytics.core.continuity.evidence import Evidence
from dino_analytics.core.continuity.light import Light, lab
from dino_analytics.core.continuity.weights import CELL_BIAS, CELL_WEIGHTS

Mask = NDArray[np.bool_]

SEED, GROWN = 0.75, 0.45
"""Strength of evidence that begins a region, and that belongs to it."""
FEWEST = 4
_RING = 3
_OVERLAP = 0.25


@dataclass(frozen=True, slots=True)
class Side:
    """One picture of a pair, cell by cell.

    Attributes:
        grid: float32 (rows, columns, d), unit features.
        colours: float32 (rows, columns, 3), 0–255.
        evidence: against the other picture.
        strength: float32 (rows, columns), 0–1, that what a cell shows is not in the other picture as it is here.
    """

    grid: NDArray[np.float32]
    colours: NDArray[np.float32]
    evidence: Evidence
    strength: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place of both pictures where something may have changed; masks are (rows, columns) of each picture's grid."""

    masks: tuple[Mask, Mask]
    measures: NDArray[np.float64]
    kinship: float
    colour: float


def cell_measures(found: Evidence) -> NDArray[np.float64]:
    """What each cell's evidence comes down to, (rows, columns, 7).

    Distance to the counterpart relative to the pair's usual one, the distance itself, colours by both looks, and the
    products that tell a thing that is gone (neither its look nor its colour is near) from one seen from elsewhere.
    """
    distance = 1 - found.cosine.astype(np.float64)
    usual = float(np.median(distance[found.comparable])) if found.comparable.any() else 0.3
    # What is added keeps two nearly equal pictures from making much of little: features know their surroundings.
    relative = np.log((distance + 0.06) / (usual + 0.06))
    near = np.log1p(found.colour_near.astype(np.float64) / 4)
    match = np.log1p(found.colour_match.astype(np.float64) / 4)
    return np.stack([relative, distance, near, match, relative * near, distance * match, near * match], axis=-1)


def strengths(found: Evidence) -> NDArray[np.float32]:
    """Return how strongly each cell speaks for a change, float32 (rows, columns) 0–1; 0 where nothing is comparable."""
    raw = cell_measures(found) @ CELL_WEIGHTS + CELL_BIAS
    # A thing covers several cells: what only one of them says counts less.
    smooth = 0.5 * raw + 0.5 * cv2.blur(raw, (3, 3), borderType=cv2.BORDER_REFLECT_101)
    return np.where(found.comparable, 1 / (1 + np.exp(-np.clip(smooth, -30, 30))), 0.0).astype(np.float32)


def candidates(sides: tuple[Side, Side], alignment: Alignment, light: Light) -> list[Candidate]:
    """Return the places where either picture speaks for a change, the strongest first.

    Args:
        sides: the two pictures.
        alignment: of the first onto the second.
        light: of the first to the second.
    """
    own = [_pieces(side) for side in sides]
    seen_there = [_projected(mask, sides[0], sides[1]) for mask in own[0]]
    seen_here = [_projected(mask, sides[1], sides[0]) for mask in own[1]]
    pairs: list[tuple[Mask, Mask]] = []
    taken: set[int] = set()
    for mask, there in zip(own[0], seen_there, strict=True):
        best, share = -1, _OVERLAP
        for number, other in enumerate(own[1]):
            overlap = max(_overlap(there, other), _overlap(mask, seen_here[number]))
            if number not in taken and overlap > share:
                best, share = number, overlap
        if best >= 0:
            taken.add(best)
        pairs.append((mask, own[1][best] if best >= 0 else there))
    pairs += [(seen_here[n], mask) for n, mask in enumerate(own[1]) if n not in taken]
    found = [_measured(pair, sides, alignment, light) for pair in pairs]
    return sorted((one for one in found if one is not None), key=lambda one: -float(one.measures[:2].max()))


def _pieces(side: Side) -> list[Mask]:
    count, labels = cv2.connectedComponents((side.strength >= GROWN).astype(np.uint8), connectivity=4)
    pieces = [labels == number for number in range(1, count)]
    return [p for p in pieces if p.sum() >= FEWEST and np.sort(side.strength[p])[-2:].mean() >= SEED]


def _projected(mask: Mask, side: Side, other: Side) -> Mask:
    """Where a region of one picture should lie in the other: the cells that it is predicted to cover."""
    rows, columns = other.strength.shape
    places = side.evidence.predicted[mask]
    x, y = np.floor(places[:, 0] * columns).astype(int), np.floor(places[:, 1] * rows).astype(int)
    kept = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    there = np.zeros((rows, columns), np.uint8)
    there[y[kept], x[kept]] = 1
    return cv2.morphologyEx(there, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).astype(bool)


def _overlap(first: Mask, second: Mask) -> float:
    union = np.count_nonzero(first | second)
    return float(np.count_nonzero(first & second) / union) if union else 0.0


def _measured(
    pair: tuple[Mask, Mask], sides: tuple[Side, Side], alignment: Alignment, light: Light
) -> Candidate | None:
    if any(np.count_nonzero(mask) < 2 for mask in pair):
        return None
    strong = [_top(side.strength[mask]) for side, mask in zip(sides, pair, strict=True)]
    apart = [_from_ring(side, mask) for side, mask in zip(sides, pair, strict=True)]
    first, second = (side.grid[mask] for side, mask in zip(sides, pair, strict=True))
    cosines = first @ second.T
    kinship = float((cosines.max(1).mean() + cosines.max(0).mean()) / 2)
    ours, theirs = lab(light.applied(sides[0].colours[pair[0]])), lab(sides[1].colours[pair[1]])
    colour = float(np.linalg.norm(np.median(ours, axis=0) - np.median(theirs, axis=0)))
    area = [np.log(np.count_nonzero(mask)) for mask in pair]
    rim = [_rim(mask) for mask in pair]
    measures = [
        *strong,
        *(a[0] for a in apart),
        *(np.log1p(a[1] / 4) for a in apart),
        kinship,
        np.log1p(colour / 4),
        *area,
        *rim,
        *(c for side, mask in zip(sides, pair, strict=True) for c in _colour_evidence(side, mask)),
        alignment.agreement,
    ]
    return Candidate(pair, np.array(measures, np.float64), kinship, colour)


def _top(values: NDArray[np.float32]) -> float:
    """Mean log odds of the strongest cells of a region, up to eight."""
    strongest = np.clip(np.sort(values)[::-1][:8].astype(np.float64), 1e-4, 1 - 1e-4)
    return float(np.mean(np.log(strongest / (1 - strongest))))


def _from_ring(side: Side, mask: Mask) -> tuple[float, float]:
    """How a region stands out of what surrounds it: mean distance of features, and of colours (ΔE), to the nearest."""
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((2 * _RING + 3,) * 2, np.uint8)).astype(bool)
    close = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    ring = wide & ~close
    if not ring.any():
        return 0.0, 0.0
    cosines = np.sort(side.grid[mask] @ side.grid[ring].T, axis=1)[:, -3:].mean(1)
    inside, around = lab(side.colours[mask]), lab(side.colours[ring])
    apart = np.sort(np.linalg.norm(inside[:, None] - around[None], axis=-1), axis=1)[:, :3].mean(1)
    return float(1 - cosines.mean()), float(apart.mean())


def _colour_evidence(side: Side, mask: Mask) -> tuple[float, float]:
    """How far a region's colours are from where they should be, mean of the logarithm of ΔE, by both looks."""
    found = side.evidence
    return float(np.log1p(found.colour_near[mask] / 4).mean()), float(np.log1p(found.colour_match[mask] / 4).mean())


def _rim(mask: Mask) -> float:
    """Share of a region's cells that lie at the picture's rim."""
    edge = np.ones_like(mask)
    edge[1:-1, 1:-1] = False
    return float(np.count_nonzero(mask & edge) / max(1, np.count_nonzero(mask)))


def box_of(mask: Mask) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a region in shares of the picture."""
    down, across = np.nonzero(mask)
    rows, columns = mask.shape
    left, top, right, bottom = across.min(), down.min(), across.max() + 1, down.max() + 1
    return float(left / columns), float(top / rows), float(right / columns), float(bottom / rows)
