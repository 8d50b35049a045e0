"""Which movement a camera makes, how strongly, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.course import Course, course
from dino_video.core.camera.meter import trace_of
from dino_video.core.camera.points import Grey
from dino_video.core.camera.trace import CameraTrace
from dino_video.core.camera.units import EDGE

MovementType = Literal[
    "static",
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
    "zoom_in",
    "zoom_out",
    "dolly",
    "truck",
    "roll",
    "handheld",
    "mixed",
    "unknown",
]
Direction = Literal["left", "right", "up", "down", "in", "out", "clockwise", "counterclockwise"]

SHORTEST = 0.35
"""Seconds of measured motion below which no movement is named."""
LEAST_PAIRS = 3
LEAST_KNOWN = 0.4
"""Share of the measured pairs whose motion must be known."""
MOVING_SPEED, MOVING_WAY = 0.005, 0.012
"""Mean speed (frame widths per second) and way (frame widths) from which a component is a movement."""
SHAKE = 0.0013
"""Shake (frame widths, root mean square) from which an otherwise resting camera is hand-held."""
WANDER = 0.05
"""Way in frame widths that a hand-held camera may drift without meaning it."""
DOMINANT, STEADY = 0.65, 0.6
"""Share of all way that one component needs to give its name, and of its way that must go one direction."""
PARALLAX, STRAY, SPREAD = 0.1, 1.2, 0.55
"""Least share of points with parallax, most stray ones for each, and least spread, of a travelling camera."""

_NAMES: tuple[tuple[tuple[MovementType, Direction], tuple[MovementType, Direction]], ...] = (
    (("pan_left", "left"), ("pan_right", "right")),
    (("tilt_down", "down"), ("tilt_up", "up")),
    (("zoom_out", "out"), ("zoom_in", "in")),
    (("roll", "counterclockwise"), ("roll", "clockwise")),
)
_PAN, _TILT, _ZOOM, _ROLL = range(4)


@dataclass(frozen=True, slots=True)
class Movement:
    """The movement of a shot's camera.

    `movement_type` the name; `direction` where it goes, None without one; `strength` 0–1: 1 − exp(−v/0.15)
    of the mean speed v of a pixel at the side edges in frame widths per second (0.39 crosses a width in 13 s, 0.63 in
    7 s); `confidence` 0–1. Mean signed speeds: `pan_rate` frame widths per second, right positive;
    `tilt_rate` frame widths per second, up positive; `zoom_rate` scale per second, 0.1 grows by 10 % each
    second; `roll_rate` degrees per second, camera clockwise positive. `shake` root mean square displacement
    in frame widths; `handheld` whether the camera shakes beside its movement; `parallax` share of the points
    that show depth, 0–1. `reason` says why a movement is unknown.
    """

    movement_type: MovementType
    direction: Direction | None
    strength: float
    confidence: float
    pan_rate: float
    tilt_rate: float
    zoom_rate: float
    roll_rate: float
    shake: float
    handheld: bool
    parallax: float
    reason: str | None = None


def camera_movement(frames: Iterable[Grey] | NDArray[np.uint8], times: Iterable[float]) -> Movement:
    """The movement of a whole shot: uint8 (n, h, w) grey frames, 160–320 wide, and their times in seconds.

    Longer shots go through `CameraMeter` frame by frame, then `movement_of(meter.trace())`.
    """
    return movement_of(trace_of(frames, times))


def movement_of(trace: CameraTrace) -> Movement:
    """Name the movement of a trace.

    Definitions after Bordwell and Thompson, "Film Art", ch. 5: a pan, tilt or roll turns the camera, a zoom
    changes its focal length, a dolly (along the view) and a truck (across it) move it, which shows as
    parallax. Without depth in view a dolly looks like a zoom and a truck like a pan, and is called so.
    """
    known = [pair for pair in trace.pairs if pair.known]
    if reason := _why_unknown(trace, len(known)):
        return Movement("unknown", None, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, False, 0.0, reason)
    way = course(trace)
    support = float(np.mean([pair.support for pair in known]))
    sure = min(1.0, len(known) / max(1, len(trace.pairs))) * min(1.0, support / 0.5) * _long_enough(trace.duration)
    name, direction, clear = _named(trace, way)
    mean = way.net / max(float(way.steps.sum()), 1e-9)
    speed = float(way.path.sum() / way.steps.sum())
    return Movement(
        movement_type=name,
        direction=direction,
        strength=round(1.0 - math.exp(-speed / 0.15), 4) if name not in ("static",) else 0.0,
        confidence=round(float(np.clip(sure * clear, 0.0, 1.0)), 4),
        pan_rate=float(mean[_PAN]),
        tilt_rate=float(mean[_TILT]),
        zoom_rate=math.expm1(float(mean[_ZOOM]) / EDGE),
        roll_rate=math.degrees(float(mean[_ROLL]) / EDGE),
        shake=way.shake,
        handheld=way.shake >= SHAKE,
        parallax=_travel(trace)[1],
    )


def _why_unknown(trace: CameraTrace, known: int) -> str | None:
    frames = len(trace.frames)
    if frames == 0 or trace.duration < SHORTEST or len(trace.pairs) < LEAST_PAIRS:
        return "too_short"
    if trace.dark > 0.5 * frames:
        return "too_dark"
    if trace.flat + trace.dark > 0.5 * frames:
        return "no_texture"
    if known < max(LEAST_PAIRS, LEAST_KNOWN * len(trace.pairs)):
        few = np.median([pair.points for pair in trace.pairs]) < 8
        return "no_texture" if few else "no_common_motion"
    return None


def _named(trace: CameraTrace, way: Course) -> tuple[MovementType, Direction | None, float]:
    """Name, direction and how clear the case is, 0–1."""
    seconds = float(way.steps.sum())
    path, excursion = way.path, way.excursion
    wanders = way.shake >= SHAKE
    # A hand that holds a camera drifts: only what goes further than a drift is meant.
    least = WANDER if wanders else MOVING_WAY
    meant = (excursion >= least) & (path >= MOVING_SPEED * seconds)
    if not meant.any():
        largest = max(float((excursion / least).max()), 0.0)
        if wanders:
            return "handheld", None, _margin(way.shake / SHAKE) * (1.0 - 0.3 * min(1.0, largest))
        return "static", None, (1.0 - 0.4 * min(1.0, largest)) * (1.0 - 0.3 * min(1.0, way.shake / SHAKE))
    path = np.where(meant, path, 0.0)
    kind, depth = _travel(trace)
    if kind == "lateral" and path[:_ZOOM].any():
        # Layers that shift unlike look as if they grew or turned a little, when seen as one.
        path[_ZOOM:] = 0.0
    first = int(path.argmax())
    share = float(path[first] / path.sum())
    steady = float(abs(way.net[first]) / max(way.path[first], 1e-9))
    clear = min(_margin(share / DOMINANT), _margin(float(excursion[first]) / least))
    if share < DOMINANT or steady < STEADY:
        return "mixed", None, _margin(DOMINANT / max(share * min(1.0, steady / STEADY), 1e-6))
    name, direction = _NAMES[first][int(way.net[first] > 0)]
    if first in (_PAN, _TILT) and kind == "lateral":
        return "truck", direction, clear * _margin(depth / PARALLAX)
    if first == _ZOOM and kind == "radial":
        return "dolly", direction, clear * _margin(depth / PARALLAX)
    # A share close to the bound leaves doubt whether the camera travels.
    return name, direction, clear * (1.0 - 0.4 * min(1.0, depth / PARALLAX))


def _travel(trace: CameraTrace) -> tuple[str | None, float]:
    """Kind of travel that the windows show, if any, and the mean share of points with parallax."""
    kinds = {window.kind for window in trace.windows}
    best: tuple[str | None, float, float] = (None, 0.0, 0.0)
    for kind in sorted(kinds):
        mine = [window for window in trace.windows if window.kind == kind]
        weight = np.array([window.displacement for window in mine])
        if weight.sum() <= best[2]:
            continue
        share = float(np.average([window.share for window in mine], weights=weight))
        stray = float(np.average([window.stray for window in mine], weights=weight))
        spread = float(np.average([window.spread for window in mine], weights=weight))
        found = share >= PARALLAX and stray <= STRAY * share and spread >= SPREAD
        best = (kind if found else None, share, float(weight.sum()))
    return best[0], best[1]


def _margin(ratio: float) -> float:
    """How clear a value is against its bound: 0.5 at the bound, 0.82 at twice, towards 1 beyond."""
    return 1.0 - 0.5 * math.exp(-(max(ratio, 1.0) - 1.0))


def _long_enough(seconds: float) -> float:
    """Doubt about short shots: 0.63 at half a second, 0.95 at one and a half."""
    return 1.0 - math.exp(-seconds / 0.5)
