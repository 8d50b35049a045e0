"""Choosing keyframes among the candidates of a shot."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_video.core.keyframes.candidates import Candidate

MOST = 5
EDGE = 0.25
"""Seconds at either end of a shot in which transitions leave their traces; a tenth of a shorter shot."""
CHANGE = 9.0
"""Distance in CIELAB (root mean square over cells) from which two frames show something different."""
SECONDS_EACH = 8.0
"""A shot without change gets another keyframe each time that its length doubles beyond this."""
BLANK = 4.0
"""Standard deviation of luma (0–255) under which a frame shows nothing."""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A chosen frame: its `index` in the film and `time` in seconds, `sharpness` relative to the sharpest
    candidate (0–1), `centrality` 0–1 (1: the most typical of its part of the shot), `score` their product with
    the distance from the shot's ends, 0–1 (sharpness to the power 0.75)."""

    index: int
    time: float
    sharpness: float
    centrality: float
    score: float


def keyframe_count(duration: float, change: float) -> int:
    """Keyframes of a shot, 1 to 5: by its length in seconds and by how far its content goes.

    `change` in CIELAB units as from `content_change`: one more each 9 units, and one each doubling of the
    length beyond 8 s.
    """
    by_change = change / CHANGE
    by_length = max(0.0, math.log2(max(duration, 1e-3) / SECONDS_EACH)) if duration > SECONDS_EACH else 0.0
    return int(np.clip(1 + round(by_change * 0.75) + round(by_length * 0.5), 1, MOST))


def content_change(candidates: list[Candidate]) -> float:
    """Largest distance of a candidate from the medoid, in CIELAB units (root mean square over cells)."""
    distances = _distances(candidates)
    return float(distances[int(distances.sum(axis=1).argmin())].max())


def choose_keyframes(
    candidates: list[Candidate], start: float, end: float, *, count: int | None = None
) -> list[Keyframe]:
    """The keyframes of a shot from `start` to `end` seconds, in order of time, the best `count` of them.

    The shot is split where its content changes most, into as many parts as there are keyframes; of each
    part the frame that is sharp, typical (near the part's medoid: Kaufman and Rousseeuw, "Finding groups
    in data", 1990) and away from the shot's ends is taken. Blank frames are only taken when there are no
    others. Raises ValueError without candidates.
    """
    if not candidates:
        raise ValueError("a shot without candidates has no keyframe")
    usable = [one for one in candidates if one.detail >= BLANK] or candidates
    away = np.array([_away(one.time, start, end) for one in usable])
    if (away >= 1.0).any():
        usable = [one for one, far in zip(usable, away, strict=True) if far >= 1.0]
        away = np.ones(len(usable))
    wanted = min(count or keyframe_count(end - start, content_change(usable)), len(usable))
    distances = _distances(usable)
    sharpest = max(one.sharpness for one in usable) or 1.0
    chosen = []
    for first, last in _parts(distances, wanted):
        part = distances[first:last, first:last]
        spread = part.mean(axis=1)
        central = np.exp(-(spread - spread.min()) / CHANGE)
        sharp = np.array([one.sharpness for one in usable[first:last]]) / sharpest
        score = sharp**0.75 * central * away[first:last]
        # Of equally good frames the one in the middle of its part: stable against noise in the scores.
        middle = 1.0 - 0.05 * np.abs(np.linspace(-1.0, 1.0, len(score)))
        best = int((score * middle).argmax())
        frame = usable[first + best]
        chosen.append(Keyframe(frame.index, frame.time, float(sharp[best]), float(central[best]), float(score[best])))
    return chosen


def _away(time: float, start: float, end: float) -> float:
    """1 away from the ends of the shot, falling to 0 at them."""
    margin = min(EDGE, 0.1 * (end - start))
    nearest = min(time - start, end - time)
    return float(np.clip(nearest / margin, 0.05, 1.0)) if margin > 0 else 1.0


def _distances(candidates: list[Candidate]) -> NDArray[np.float64]:
    content = np.stack([one.content for one in candidates]).astype(np.float64)
    square = np.square(content).sum(axis=1)
    squared = square[:, None] + square[None, :] - 2.0 * content @ content.T
    cells = content.shape[1] / 3
    return np.sqrt(np.maximum(squared, 0.0) / cells)


def _parts(distances: NDArray[np.float64], count: int) -> list[tuple[int, int]]:
    """Split 0…n into `count` runs with the least total distance inside them (exact, by dynamic programming)."""
    total = len(distances)
    square = np.square(distances)
    sums = np.zeros((total + 1, total + 1))
    sums[1:, 1:] = square.cumsum(axis=0).cumsum(axis=1)
    first, last = np.meshgrid(np.arange(total + 1), np.arange(total + 1), indexing="ij")
    inside = sums[last, last] - sums[first, last] - sums[last, first] + sums[first, first]
    length = np.maximum(last - first, 1)
    # A little for time itself, so that a shot without change is split evenly.
    cost = np.where(last > first, inside / (2.0 * length) + 1e-3 * (last - first) ** 2, np.inf)
    best, cuts = cost[0].copy(), []
    for _ in range(count - 1):
        through = best[:, None] + cost
        cuts.append(through.argmin(axis=0))
        best = through.min(axis=0)
    edges, at = [total], total
    for cut in reversed(cuts):
        at = int(cut[at])
        edges.append(at)
    edges.append(0)
    edges.reverse()
    return list(itertools.pairwise(edges))
