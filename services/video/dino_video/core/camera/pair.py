"""Global motion of the content from one frame to the next."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.anchors import LEAST_QUARTERS, all_over
from dino_video.core.camera.similarity import Similarity, fit_similarity

Complex = NDArray[np.complex128]

TOLERANCE = 0.002
"""Distance in frame widths within which a point agrees with the global motion (0.6 pixels of 320)."""
BENT = 0.06
"""Share of the median displacement that a point may be off besides: perspective bends fast pans."""
LEAST_POINTS = 8
LEAST_EXTENT = 0.12
"""Root mean square distance of the agreeing points from their middle, in frame widths (0.33 all over the frame):
a cluster in a bare frame is as likely a subject.
"""
STILL_SHARE = 0.6
"""A frame whose motionless points weigh this much of the winner's, from all four quarters, did not move."""
LEAST_STILL = 0.2
"""…and are at least this share of all points."""


@dataclass(frozen=True, slots=True)
class PairMotion:
    """How the content moved between two frames.

    `time` of the second frame and `step` to it in seconds; `dx`, `dy` of the frame's centre in frame widths,
    right and down positive; `log_scale` natural logarithm of the change of size; `rotation` in degrees,
    clockwise on the screen positive; `support` share of the followed points that agree, 0–1; `points` how
    many were followed. `known` is False where the motion could not be told; the rest is 0 then. `activity` mean
    displacement of all followed points, subjects included, in frame widths.
    """

    time: float
    step: float
    dx: float = 0.0
    dy: float = 0.0
    log_scale: float = 0.0
    rotation: float = 0.0
    support: float = 0.0
    points: int = 0
    known: bool = False
    activity: float = 0.0


def pair_motion(
    before: Complex,
    after: Complex,
    *,
    time: float,
    step: float,
    pixel: float = 1 / 320,
    anchors: NDArray[np.bool_] | None = None,
) -> PairMotion:
    """The motion that most of the frame agrees on, from point pairs (n,) in `units.centred`.

    Points far from the centre weigh more: subjects tend to stand in the middle and the background fills the
    rim. When many points all over the frame stand still, the camera did, however large a subject moves.
    `pixel` is the size of a pixel in frame widths; `anchors` booleans (n,), points known to belong to the
    background: where they are set in three quarters of the frame, they alone decide.
    """
    unknown = PairMotion(time=time, step=step, points=len(before))
    if len(before) < LEAST_POINTS or step <= 0.0:
        return unknown
    tolerance = max(TOLERANCE, 0.6 * pixel) + BENT * float(np.median(np.abs(after - before)))
    weights = 0.6 + 1.6 * np.abs(before)
    if anchors is not None and np.count_nonzero(anchors) >= LEAST_POINTS and all_over(before[anchors], LEAST_QUARTERS):
        fit = fit_similarity(before[anchors], after[anchors], tolerance, weights=weights[anchors])
        return _motion(fit, time, step, before, after)
    fit = _prefer_stillness(
        before, after, weights, fit_similarity(before, after, tolerance, weights=weights), tolerance
    )
    if np.count_nonzero(fit.inliers) < max(LEAST_POINTS // 2, 0.15 * len(before)):
        return unknown
    if np.std(before[fit.inliers]) < LEAST_EXTENT:
        return unknown
    return _motion(fit, time, step, before, after)


def _motion(fit: Similarity, time: float, step: float, before: Complex, after: Complex) -> PairMotion:
    return PairMotion(
        time=time,
        step=step,
        dx=fit.b.real,
        dy=fit.b.imag,
        log_scale=math.log(abs(fit.a)),
        rotation=math.degrees(cmath.phase(fit.a)),
        support=fit.support,
        points=len(before),
        known=True,
        activity=float(np.abs(after - before).mean()),
    )


def _prefer_stillness(
    before: Complex,
    after: Complex,
    weights: NDArray[np.float64],
    fit: Similarity,
    tolerance: float,
) -> Similarity:
    """The identity, where the fit moves the frame but much of it stands still."""
    moved = np.median(np.abs(fit.apply(before) - before))
    still = np.abs(after - before) <= 0.5 * TOLERANCE
    share = float(weights[still].sum() / weights.sum())
    if moved <= 2.0 * max(TOLERANCE, 0.5 * tolerance) or share < max(LEAST_STILL, STILL_SHARE * fit.support):
        return fit
    return Similarity(1.0 + 0.0j, 0.0j, share, still) if all_over(before[still], 4) else fit
