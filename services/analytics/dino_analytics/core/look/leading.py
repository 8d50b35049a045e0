"""Lines that lead the eye: long ones that meet in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_common.look import lines

LONG = 0.09
"""Length in frame widths from which a line leads."""
SLANT = math.radians(8.0)
"""Lines nearer to upright or level than this lead to no place inside the picture."""
NEAR = 0.025
"""Distance in frame widths at which a line passes through a point."""
LEAST = 6
"""Lines that must meet."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """Where lines meet: `x`, `y` in shares of the picture; `segments` (n, 4) of them as x, y, x, y in the same."""

    x: float
    y: float
    segments: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lead:
    """`score` 0–1, None where there are no such lines and `reason` says so; `confidence` 0–1."""

    score: float | None
    confidence: float
    reason: str | None
    convergence: Convergence | None


def leading_lines(grey: NDArray[np.uint8], focus: tuple[float, float] | None) -> Lead:
    """Find slanting lines that meet inside the picture, and judge whether they lead to the subject.

    The point that the most line length passes through, of all points where two long lines cross (vanishing point by
    consensus; Zhou et al., "Detecting dominant vanishing points in natural scenes", IEEE TMM 19, 2017, for its use in
    composition). The score is the share of slanting line length that meets there, raised where the point lies near
    the subject: × (0.5 + 0.5·exp(−d²/2σ²)), σ 0.2.

    Args:
        grey: uint8 (h, w).
        focus: the subject's centre in shares of the picture, None where it is not known.
    """
    found = lines(grey)
    ratio = grey.shape[0] / grey.shape[1]
    slant = np.abs(found.angle)
    kept = (found.length >= LONG) & (slant > SLANT) & (slant < math.pi / 2 - SLANT)
    if np.count_nonzero(kept) < LEAST:
        return Lead(None, 0.0, "few_slanting_lines", None)
    x, y, angle, length = found.x[kept], found.y[kept], found.angle[kept], found.length[kept]
    # A line through (x, y) along (sin, −cos): its normal form n·p = c.
    normal = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    offset = normal[:, 0] * x + normal[:, 1] * y
    points = _crossings(normal, offset, ratio)
    if not len(points):
        return Lead(0.0, 0.4, None, None)
    passes = np.abs(points @ normal.T - offset) < NEAR
    # Segments on the point itself and parallel neighbours of one edge prove nothing: directions must differ.
    varied = np.array([_directions(angle[row]) for row in passes])
    votes = (passes * length).sum(axis=1) * np.where(varied >= 3, 1.0, 0.3)
    best = int(votes.argmax())
    chosen = passes[best]
    if np.count_nonzero(chosen) < LEAST:
        return Lead(0.0, 0.4, None, None)
    share = float(length[chosen].sum() / length.sum())
    at = float(points[best, 0] + 0.5), float(points[best, 1] / ratio + 0.5)
    towards = 0.75
    if focus is not None:
        towards = 0.5 + 0.5 * math.exp(-0.5 * (math.hypot(at[0] - focus[0], at[1] - focus[1]) / 0.2) ** 2)
    half = 0.5 * length[:, None] * np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    ends = np.concatenate([np.stack([x, y], 1) - half, np.stack([x, y], 1) + half], axis=1)[chosen]
    segments = ends / np.array([1.0, ratio, 1.0, ratio]) + 0.5
    sure = float(min(0.8, 0.2 + 0.6 * (1.0 - math.exp(-float(length[chosen].sum()) / 1.5))))
    score = round(min(1.0, share * 1.3) * towards, 4)
    return Lead(score, round(sure, 4), None, Convergence(round(at[0], 4), round(at[1], 4), segments))


def _crossings(normal: NDArray[np.float64], offset: NDArray[np.float64], ratio: float) -> NDArray[np.float64]:
    """Where pairs of lines cross inside the picture: (n, 2) in frame widths around the middle."""
    order = np.random.default_rng(3)
    one, other = order.integers(0, len(offset), 800), order.integers(0, len(offset), 800)
    across = normal[one, 0] * normal[other, 1] - normal[one, 1] * normal[other, 0]
    apart = np.abs(across) > math.sin(math.radians(10.0))
    one, other, across = one[apart], other[apart], across[apart]
    x = (offset[one] * normal[other, 1] - offset[other] * normal[one, 1]) / across
    y = (normal[one, 0] * offset[other] - normal[other, 0] * offset[one]) / across
    inside = (np.abs(x) < 0.55) & (np.abs(y) < 0.55 * ratio)
    return np.stack([x[inside], y[inside]], axis=1)


def _directions(angles: NDArray[np.float64]) -> int:
    """How many directions, 15° apart, there are."""
    return len(np.unique(np.floor(np.degrees(angles) / 15.0)))
