"""What the points of a body tell: how tall it is in the picture, what of it is seen, how it stands and where it faces.

The 33 points are those of BlazePose (Bazarevsky et al., 2020): 0 nose, 11 and 12 shoulders, 23 and 24 hips, 25 and 26
knees, 27 and 28 ankles, each the person's left one first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Posture = Literal["standing", "sitting", "lying", "unknown"]
Facing = Literal["camera", "left", "right", "away", "unknown"]

NOSE, SHOULDERS, HIPS, KNEES, ANKLES = 0, (11, 12), (23, 24), (25, 26), (27, 28)
SEEN = 0.5
_TORSO, _SHOULDERS_WIDE, _THIGH, _SHANK = 0.288, 0.185, 0.245, 0.246
"""Lengths in body heights: between the middles of shoulders and hips, between the points at the shoulders, hip to knee,
knee to ankle: segment lengths of Drillis and Contini, 1966, but the shoulders', whose points lie well inside of the
body's breadth; theirs was chosen so that body and face call for the same scale on portraits."""

_LEAST_TORSO = 24.0
"""Pixels; of a smaller body the points lie too roughly to say how it stands."""


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """Facts of one body.

    Attributes:
        height: of the whole body if it stood upright, in heights of the picture; over 1 when it does not fit.
        sure: 0–1, how far the points that the height was taken from are seen.
        left, top, right, bottom: around the points that are seen, in shares of the picture.
        lowest: the lowest part that is seen.
    """

    height: float
    sure: float
    left: float
    top: float
    right: float
    bottom: float
    lowest: Literal["head", "shoulders", "hips", "knees", "ankles"]
    posture: Posture
    facing: Facing


def body_facts(points: Floats, visible: Floats, size: tuple[int, int]) -> BodyFacts | None:
    """Return what the points tell, or None where too few are seen.

    Args:
        points: float32 (33, 2), pixels.
        visible: float32 (33,), 0–1.
        size: width and height of the picture, pixels.
    """
    width, height = size
    inside = (points[:, 0] >= 0) & (points[:, 0] < width) & (points[:, 1] >= 0) & (points[:, 1] < height)
    seen = (visible >= SEEN) & inside
    if not seen[list(SHOULDERS)].any():
        return None
    tall, sure = _tall(points, visible * inside)
    if tall is None:
        return None
    shown = points[seen]
    (left, top), (right, bottom) = shown.min(axis=0), shown.max(axis=0)
    names = (("ankles", ANKLES), ("knees", KNEES), ("hips", HIPS))
    lowest = next((name for name, pair in names if seen[list(pair)].any()), "shoulders")
    return BodyFacts(
        round(tall / height, 4),
        round(sure, 4),
        round(float(left) / width, 4),
        round(float(top) / height, 4),
        round(float(right) / width, 4),
        round(float(bottom) / height, 4),
        lowest,  # pyright: ignore[reportArgumentType]
        _posture(points, seen),
        _facing(points, visible),
    )


def _tall(points: Floats, visible: Floats) -> tuple[float | None, float]:
    """Body height in pixels: the largest that a seen part calls for, as foreshortening only makes parts shorter."""
    shoulders, hips = _middle(points, SHOULDERS), _middle(points, HIPS)
    found: list[tuple[float, float]] = []
    torso = float(visible[list(SHOULDERS + HIPS)].min())
    if torso >= SEEN:
        found.append((float(np.linalg.norm(shoulders - hips)) / _TORSO, torso))
    wide = float(visible[list(SHOULDERS)].min())
    if wide >= SEEN:
        # Hips out of sight are a guess of the network; shoulders tell less well than a torso does.
        across = float(np.linalg.norm(points[SHOULDERS[0]] - points[SHOULDERS[1]]))
        found.append((across / _SHOULDERS_WIDE, (1.0 if torso >= SEEN else 0.6) * wide))
    for one, other, share in ((HIPS, KNEES, _THIGH), (KNEES, ANKLES, _SHANK)):
        for side in (0, 1):
            both = float(min(visible[one[side]], visible[other[side]]))
            if both >= SEEN:
                found.append((float(np.linalg.norm(points[one[side]] - points[other[side]])) / share, 0.9 * both))
    return max(found) if found else (None, 0.0)


def _posture(points: Floats, seen: NDArray[np.bool_]) -> Posture:
    if not (seen[list(SHOULDERS)].any() and seen[list(HIPS)].any()):
        return "unknown"
    torso = _middle(points, SHOULDERS) - _middle(points, HIPS)
    if float(np.linalg.norm(torso)) < _LEAST_TORSO:
        return "unknown"
    if abs(float(torso[0])) > 1.5 * abs(float(torso[1])):
        return "lying"
    thighs = [points[KNEES[side]] - points[HIPS[side]] for side in (0, 1) if seen[HIPS[side]] and seen[KNEES[side]]]
    if not thighs:
        return "unknown"
    long = float(np.linalg.norm(torso))
    # A thigh that goes down is about as long as a torso, 0.85 of it; one that points forward is short or level.
    down = [float(thigh[1]) / max(long, 1e-6) for thigh in thighs]
    if max(down) > 0.6:
        return "standing"
    return "sitting" if max(down) < 0.45 else "unknown"


def _facing(points: Floats, visible: Floats) -> Facing:
    if min(visible[list(SHOULDERS)]) < SEEN:
        return "unknown"
    across = float(points[SHOULDERS[0], 0] - points[SHOULDERS[1], 0])
    torso = float(np.linalg.norm(_middle(points, SHOULDERS) - _middle(points, HIPS)))
    # Of one who faces the camera the left shoulder is at the picture's right.
    if abs(across) > 0.4 * torso:
        return "camera" if across > 0 else "away"
    nose = float(points[NOSE, 0] - _middle(points, SHOULDERS)[0])
    if visible[NOSE] < SEEN or abs(nose) < 0.1 * torso:
        return "unknown"
    return "left" if nose < 0 else "right"


def _middle(points: Floats, pair: tuple[int, int]) -> Floats:
    return (points[pair[0]] + points[pair[1]]) / 2
