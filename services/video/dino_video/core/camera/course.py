"""The course of a camera: speeds over time, split into intended movement and shake."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.trace import CameraTrace
from dino_video.core.camera.units import EDGE

Float = NDArray[np.float64]

SMOOTH = 0.45
"""Seconds to either side over which speeds are averaged: slower than that is intended, faster is shake."""
COMPONENTS = ("pan", "tilt", "zoom", "roll")
STILL = 0.003
"""Speed in frame widths per second under which a component rests."""


@dataclass(frozen=True, slots=True)
class Course:
    """Speeds of the camera at the `times` (n,) of the known pairs, and what they add up to.

    `speed` (n, 4): pan (right positive), tilt (up positive), zoom (in positive) and roll (camera clockwise
    positive), each as the speed of a pixel at the frame's side edges in frame widths per second, smoothed.
    `steps` (n,) seconds that each stands for. `shake` root mean square of the faster rest, as a displacement
    in frame widths.
    """

    times: Float
    steps: Float
    speed: Float
    shake: float

    @property
    def path(self) -> Float:
        """Way of each component (4,) in frame widths, both directions added; rests do not count."""
        return np.where(np.abs(self.speed) >= STILL, np.abs(self.speed), 0.0).T @ self.steps

    @property
    def net(self) -> Float:
        """Way of each component (4,) in frame widths from start to end, signed."""
        return self.speed.T @ self.steps

    @property
    def excursion(self) -> Float:
        """Farthest that each component (4,) gets from any earlier position, in frame widths."""
        position = np.concatenate([np.zeros((1, 4)), np.cumsum(self.speed * self.steps[:, None], axis=0)])
        return np.ptp(position, axis=0)


def course(trace: CameraTrace) -> Course:
    """The course of a trace; empty arrays where no pair is known.

    The camera moves against the content: content that goes left is a pan to the right.
    """
    known = [pair for pair in trace.pairs if pair.known]
    steps = np.array([pair.step for pair in known])
    times = np.array([pair.time for pair in known]) - 0.5 * steps
    moved = np.array([(-p.dx, p.dy, p.log_scale * EDGE, -math.radians(p.rotation) * EDGE) for p in known]).reshape(
        -1, 4
    )
    if not known:
        return Course(times, steps, moved, 0.0)
    speed = moved / steps[:, None]
    smooth = _smoothed(speed, times, steps)
    # Shake is judged where the camera was: integrated, then less its own smooth course.
    position = np.cumsum(moved, axis=0)
    rest = position - _smoothed(position, times, steps)
    # A jump that lasts one frame is a cut or a bad frame, not shake: the largest hundredth is left out.
    size = np.sort(np.square(rest).sum(axis=1))
    kept = size[: max(1, math.ceil(0.99 * len(size)))]
    return Course(times, steps, smooth, math.sqrt(float(kept.mean())))


def _smoothed(values: Float, times: Float, steps: Float) -> Float:
    """Weighted mean over ± `SMOOTH` seconds; near an end the window shrinks on both sides, so slopes stay."""
    reach = np.minimum(SMOOTH, np.minimum(times - times[0], times[-1] - times)) + 1e-6
    first = np.searchsorted(times, times - reach, side="left")
    last = np.searchsorted(times, times + reach, side="right")
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values * steps[:, None], axis=0)])
    weight = np.concatenate([[0.0], np.cumsum(steps)])
    return (total[last] - total[first]) / (weight[last] - weight[first])[:, None]
