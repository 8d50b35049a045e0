"""Camera angle, as far as upright and level lines of the scene tell it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dino_common.look.lines import Lines, lines

CameraAngle = Literal["eye_level", "low_angle", "high_angle", "overhead", "dutch", "unknown"]

FOCAL = 1.0
"""Focal length in frame widths that is taken for granted (53° across); a guess scales pitch, not its sign."""
LEAN = math.radians(32.0)
"""Largest lean of a line that may stand upright in the scene."""
TOLERANCE = math.radians(2.5)
LEAST_LINES, LEAST_LENGTH = 8, 0.8
"""Lines that must agree, and their total length in frame widths."""
UNSURE = 0.2
"""Confidence under which no angle is named."""
LEVEL, OVERHEAD = 9.0, 55.0
"""Degrees of pitch from which the view is from above or below, and from straight above."""
DUTCH = 7.0
"""Degrees of roll from which the frame is canted."""


@dataclass(frozen=True, slots=True)
class Angle:
    """`camera_angle`; `pitch` degrees, up positive, and `roll` degrees, camera clockwise positive, None where not
    known; `confidence` 0–1; `reason` why it is unknown."""

    camera_angle: CameraAngle
    pitch: float | None
    roll: float | None
    confidence: float
    reason: str | None = None


def camera_angle(frames: list[NDArray[np.uint8]]) -> Angle:
    """The angle of a shot from some grey frames (h, w) uint8: the most confident frame decides.

    Upright lines of the scene (edges of buildings, doors, posts) meet above the frame when the camera looks up and
    below when it looks down (vanishing points: Hartley and Zisserman, "Multiple view geometry", 8.6): the
    lean of an upright line at x is roll − x·tan(pitch)/f. Without enough upright lines it is unknown: a face, a
    meadow or the sea tell nothing here. Leaning things (trees, a staircase) mislead it when they agree.
    """
    judged = [_of_lines(lines(frame)) for frame in frames]
    known = [one for one in judged if one.camera_angle != "unknown"]
    if not known:
        return Angle("unknown", None, None, 0.0, "few_upright_lines")
    names = [one.camera_angle for one in known]
    # What most of the frames say, weighted by how sure they are.
    weight = {name: sum(one.confidence for one in known if one.camera_angle == name) for name in sorted(set(names))}
    winner = max(weight, key=lambda name: weight[name])
    best = max((one for one in known if one.camera_angle == winner), key=lambda one: one.confidence)
    agreed = weight[winner] / sum(weight.values())
    if best.confidence * agreed < UNSURE:
        return Angle("unknown", best.pitch, best.roll, 0.0, "unsure")
    return Angle(best.camera_angle, best.pitch, best.roll, round(best.confidence * agreed, 4))


def _of_lines(found: Lines) -> Angle:
    upright = np.abs(found.angle) <= LEAN
    x, lean, length = found.x[upright], found.angle[upright], found.length[upright]
    fit = _fit(x, lean, length)
    if fit is None:
        return Angle("unknown", None, None, 0.0, "few_upright_lines")
    roll, slope, agreed, total = fit
    pitch = math.degrees(math.atan(-slope * FOCAL))
    turned = math.degrees(roll)
    spread = float(np.ptp(x)) if len(x) else 0.0
    sure = min(1.0, agreed / 0.7) * (1.0 - math.exp(-total / 1.5)) * min(1.0, spread / 0.4)
    if abs(turned) >= DUTCH:
        name: CameraAngle = "dutch"
        clear = min(1.0, 0.4 + abs(turned) / 25.0)
    elif pitch <= -OVERHEAD:
        name, clear = "overhead", 0.5
    elif abs(pitch) >= LEVEL:
        name = "low_angle" if pitch > 0 else "high_angle"
        clear = min(1.0, 0.5 + (abs(pitch) - LEVEL) / 20.0)
    else:
        name, clear = "eye_level", 1.0 - 0.5 * abs(pitch) / LEVEL
    # The focal length is a guess and lines may lean of themselves.
    return Angle(name, round(pitch, 2), round(-turned, 2), round(0.7 * sure * clear, 4))


def _fit(
    x: NDArray[np.float64], lean: NDArray[np.float64], length: NDArray[np.float64]
) -> tuple[float, float, float, float] | None:
    """lean = roll + slope·x by RANSAC over pairs of lines: roll, slope, share that agrees, its total length."""
    if len(x) < LEAST_LINES or np.ptp(x) < 0.15:
        return None
    random = np.random.default_rng(5)
    one, other = random.integers(0, len(x), 400), random.integers(0, len(x), 400)
    apart = np.abs(x[one] - x[other]) > 0.1
    one, other = one[apart], other[apart]
    if len(one) == 0:
        return None
    slope = (lean[one] - lean[other]) / (x[one] - x[other])
    roll = lean[one] - slope * x[one]
    score = np.maximum(0.0, 1.0 - np.square((roll[:, None] + slope[:, None] * x - lean) / TOLERANCE)) @ length
    best = int(score.argmax())
    chosen = np.abs(roll[best] + slope[best] * x - lean) <= TOLERANCE
    if np.count_nonzero(chosen) < LEAST_LINES or length[chosen].sum() < LEAST_LENGTH:
        return None
    weight = np.sqrt(length[chosen])
    system = np.stack([np.ones(int(chosen.sum())), x[chosen]], axis=1) * weight[:, None]
    solved = np.linalg.lstsq(system, lean[chosen] * weight, rcond=None)[0]
    total = float(length[chosen].sum())
    return float(solved[0]), float(solved[1]), total / float(length.sum()), total
