"""Does depth show in the motion? A camera that only turns or zooms moves near and far alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.similarity import Similarity, fit_similarity
from dino_video.core.camera.units import EDGE

Complex = NDArray[np.complex128]
Kind = Literal["lateral", "radial"]

TOLERANCE = 0.004
"""Frame widths by which a point may miss a motion over a window and still follow it."""
RELATIVE = 0.08
"""…and the share of the median displacement besides, for lens distortion and lost precision."""
WIDEST_VIEW = 0.5
"""Smallest focal length in frame widths that a pan is believed to have (90° across)."""
LEAST_POINTS = 16


@dataclass(frozen=True, slots=True)
class Parallax:
    """What a window of motion says about depth.

    `kind` lateral when the frame shifts, radial when it grows or shrinks; `displacement` median motion of the
    points in frame widths; `share` of the points, 0–1, that miss the motion of a turning or zooming camera
    but move along the lines that a travelling camera draws; `stray` share that does neither (subjects);
    `spread` of those with parallax over the frame, 0–1, mean of width and height (1: as spread as all
    points); `start` and `end` of the window in seconds.
    """

    kind: Kind
    displacement: float
    share: float
    stray: float
    spread: float
    start: float = 0.0
    end: float = 0.0


def parallax(
    before: Complex, after: Complex, *, start: float = 0.0, end: float = 0.0, seed: int = 11
) -> Parallax | None:
    """Measure parallax over a window of some frames; None with too few points or too little motion.

    Plane and parallax (Irani and Anandan, PAMI 20, 1998): after the dominant motion is taken off, what a
    travelling camera leaves lies on lines through the focus of expansion, at a length by depth. Here the
    dominant motion is that of a camera that turns and zooms: a similarity with the quadratic terms of a
    pan and a tilt (the eight-parameter flow of a rotating camera, Adiv, PAMI 7, 1985).
    `before`, `after` complex (n,) in `units.centred`, at the times `start` and `end`.
    """
    if len(before) < LEAST_POINTS:
        return None
    flow = after - before
    displacement = float(np.median(np.abs(flow)))
    tolerance = TOLERANCE + RELATIVE * displacement
    fit = fit_similarity(before, after, tolerance, seed=seed)
    growth, shift = abs(math.log(abs(fit.a))) * EDGE, abs(fit.b)
    if max(growth, shift, displacement) < 3.0 * TOLERANCE:
        return None
    kind: Kind = "radial" if growth > shift else "lateral"
    rest = np.abs(after - _turned(before, after, fit, tolerance))
    missed = rest > tolerance
    along, across = _on_lines(before, flow, fit, kind)
    travelled = missed & (across <= tolerance) & (along > -tolerance)
    return Parallax(
        kind=kind,
        displacement=displacement,
        share=float(travelled.mean()),
        stray=float((missed & ~travelled).mean()),
        spread=_spread(before, travelled),
        start=start,
        end=end,
    )


def _turned(before: Complex, after: Complex, fit: Similarity, tolerance: float) -> Complex:
    """Where the points would be if the camera only turned and zoomed."""
    chosen = fit.inliers
    a, b, pan, tilt = fit.a, fit.b, 0.0, 0.0
    for _ in range(3):
        if np.count_nonzero(chosen) < LEAST_POINTS // 2:
            break
        a, b, pan, tilt = _solve(before[chosen], after[chosen])
        # A pan by b bends by b/f² at most, and only in its own direction.
        bound = 1.0 / WIDEST_VIEW**2
        pan = float(np.clip(pan, min(0.0, b.real * bound), max(0.0, b.real * bound)))
        tilt = float(np.clip(tilt, min(0.0, b.imag * bound), max(0.0, b.imag * bound)))
        chosen = np.abs(_bent(before, a, b, pan, tilt) - after) <= tolerance
    return _bent(before, a, b, pan, tilt)


def _bent(points: Complex, a: complex, b: complex, pan: float, tilt: float) -> Complex:
    x, y = points.real, points.imag
    return a * points + b + pan * (x * x + 1j * x * y) + tilt * (x * y + 1j * y * y)


def _solve(before: Complex, after: Complex) -> tuple[complex, complex, float, float]:
    x, y = before.real, before.imag
    one, none = np.ones_like(x), np.zeros_like(x)
    across = np.stack([x, -y, one, none, x * x, x * y], axis=1)
    down = np.stack([y, x, none, one, x * y, y * y], axis=1)
    system = np.concatenate([across, down])
    goal = np.concatenate([after.real, after.imag])
    re, im, right, low, pan, tilt = np.linalg.lstsq(system, goal, rcond=None)[0]
    return complex(re, im), complex(right, low), float(pan), float(tilt)


def _on_lines(
    before: Complex, flow: Complex, fit: Similarity, kind: Kind
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Motion along and across the lines of a travelling camera, in frame widths."""
    if kind == "lateral":
        line = np.full(before.shape, fit.b / abs(fit.b))
    else:
        zoom = fit.a - 1.0
        centre = -fit.b / zoom
        away = (before - centre) * (1.0 if zoom.real > 0 else -1.0)
        line = away / np.maximum(np.abs(away), 1e-9)
    turned = flow * np.conj(line)
    return turned.real, np.abs(turned.imag)


def _spread(points: Complex, chosen: NDArray[np.bool_]) -> float:
    """How widely the chosen points lie, against all of them: 1 when as widely."""
    if np.count_nonzero(chosen) < 4:
        return 0.0
    at = points[chosen]
    mine = np.percentile(at.real, [10, 90]), np.percentile(at.imag, [10, 90])
    all_of = np.percentile(points.real, [10, 90]), np.percentile(points.imag, [10, 90])
    wide, high = (
        float(np.clip((part[1] - part[0]) / max(whole[1] - whole[0], 1e-6), 0.0, 1.0))
        for part, whole in zip(mine, all_of, strict=True)
    )
    return 0.5 * (wide + high)
