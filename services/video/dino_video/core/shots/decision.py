"""From scores of frames to boundaries, at a threshold on the documents' scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dino_video.core.shots.boundaries import Boundary, Kind
from dino_video.core.shots.network import KINDS, Scores

DEFAULT_THRESHOLD = 0.3


@dataclass(frozen=True)
class Decision:
    """The numbers that turn scores into boundaries; ``benchmarks.video.tune`` chose them on the tuning half.

    Attributes:
        cut, gradual: network outputs (0–1) that stand at the threshold 0.3.
        shortest: frames that a gradual transition has at least.
        gap: frames of a lower score that a gradual transition may hold.
        extent: share of the needed output at which a transition begins and ends.
        apart: frames between two boundaries at least.
    """

    cut: float = 0.5
    gradual: float = 0.6
    shortest: int = 3
    gap: int = 4
    extent: float = 0.5
    apart: int = 8


def rescaled(outputs: NDArray[np.float32], at_default: float) -> NDArray[np.float32]:
    """Map network outputs to the scale of the threshold: 0 → 0, ``at_default`` → 0.3, 1 → 1, in two straight pieces."""
    low = outputs * (DEFAULT_THRESHOLD / at_default)
    high = DEFAULT_THRESHOLD + (outputs - at_default) * ((1 - DEFAULT_THRESHOLD) / (1 - at_default))
    return np.where(outputs < at_default, low, high).astype(np.float32)


def decide(scores: Scores, threshold: float = DEFAULT_THRESHOLD, decision: Decision | None = None) -> list[Boundary]:
    """Find the boundaries of a film.

    Args:
        scores: of every analysed frame.
        threshold: above 0, below 1; higher finds fewer boundaries.
        decision: other numbers than the tuned ones.

    Returns:
        Boundaries in order, in numbers of analysed frames.
    """
    decision = decision or TUNED
    cuts = _cuts(rescaled(scores.cut, decision.cut), threshold)
    mixed = _mixed(rescaled(scores.gradual, decision.gradual), scores, threshold, decision)
    return _settled(cuts, mixed, decision)


def _cuts(score: NDArray[np.float32], threshold: float) -> list[Boundary]:
    """Take each run of frames over the threshold as one cut, at its highest frame; frame 0 begins no new shot."""
    found = []
    for first, end in _runs(score[1:] >= threshold):
        at = 1 + first + int(np.argmax(score[1 + first : 1 + end]))
        found.append(Boundary("cut", at, at, float(score[at])))
    return found


def _mixed(score: NDArray[np.float32], scores: Scores, threshold: float, decision: Decision) -> list[Boundary]:
    """Take runs over the lower threshold that somewhere reach the full one; small gaps are closed."""
    found = []
    for first, end in _joined(_runs(score >= threshold * decision.extent), decision.gap):
        peak = float(score[first:end].max())
        # A fade out that ends the film, or a fade in that begins it, divides no two shots.
        outermost = first < decision.apart or end > len(score) - decision.apart
        if peak < threshold or end - first < decision.shortest or outermost:
            continue
        kinds = (scores.kinds[first:end] * score[first:end, None]).sum(axis=0)
        kinds = kinds / max(float(kinds.sum()), 1e-9)
        kind = int(np.argmax(kinds))
        found.append(Boundary(cast(Kind, KINDS[kind]), first, end - 1, peak, float(kinds[kind])))
    return found


def _settled(cuts: list[Boundary], mixed: list[Boundary], decision: Decision) -> list[Boundary]:
    """Let the stronger one stand where boundaries meet: shots are at least ``apart`` frames long."""
    kept: list[Boundary] = []
    for item in sorted([*cuts, *mixed], key=lambda item: -item.score):
        meets = (
            item.first - other.last < decision.apart and other.first - item.last < decision.apart for other in kept
        )
        if not any(meets):
            kept.append(item)
    return sorted(kept, key=lambda item: item.first)


def _runs(inside: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(runs: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, end in runs:
        if found and first - found[-1][1] <= gap:
            found[-1] = (found[-1][0], end)
        else:
            found.append((first, end))
    return found


def spread(boundaries: list[Boundary], stride: int) -> list[Boundary]:
    """Turn numbers of every ``stride``-th frame into numbers of all frames."""
    return [
        replace(item, first=item.first * stride, last=item.last * stride + (0 if item.kind == "cut" else stride - 1))
        for item in boundaries
    ]


TUNED = Decision()
