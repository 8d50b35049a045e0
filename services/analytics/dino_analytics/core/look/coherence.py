"""Whether matches between two pictures fit one geometry, and whether both show one thing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.look.matching import Matches

Model = Literal["affine", "homography", "fundamental", "none"]

LEAST = 6
"""Matches from which a geometry is looked for."""
REACH = 1.0
"""Patches by which a match may miss the geometry."""
WEIGHTS = {"share": 2.44, "cosine": 1.36, "agreement": 2.13, "fit": -0.10}
BIAS = -3.12
"""Of the logistic verdict; fitted by `benchmarks.look.correspondences`."""
SURE = 0.7
"""Probability from which, and under 1 − which, the verdict is given; between them it is unknown."""


@dataclass(frozen=True, slots=True)
class Coherence:
    """How well matches hang together.

    Attributes:
        model: the simplest geometry that most matches fit.
        matrix: float64 3 × 3 in shares of the pictures, None without a model: maps the first to the second; of
            `fundamental` the epipolar constraint.
        inliers: bool (n,), matches that fit it.
        fit: share of the matches that fit, 0–1.
        agreement: share of neighbouring matches that stay neighbours, 0–1.
        probability: that both pictures show one thing, 0–1.
        same: the verdict, None where it is unknown.
        confidence: of the verdict, 0–1.
    """

    model: Model
    matrix: NDArray[np.float64] | None
    inliers: NDArray[np.bool_]
    fit: float
    agreement: float
    probability: float
    same: bool | None
    confidence: float


def coherence(matches: Matches, grids: tuple[tuple[int, int], tuple[int, int]]) -> Coherence:
    """Judge matches: how many there are, how alike they are, whether neighbours stay neighbours (grid-based motion
    statistics: Bian et al., CVPR 2017), and how many fit an affine map, a homography or an epipolar geometry (consensus
    by MAGSAC++: Barath et al., CVPR 2020; Hartley and Zisserman, "Multiple view geometry").

    The verdict is a logistic of the four; it answers for the thing in the pictures, and for the scene where that is
    what matches. Two copies of one product, and twins, are one thing to it.

    Args:
        matches: as `mutual` or `tightened` gives them.
        grids: rows and columns of either picture's patches.
    """
    count = len(matches.cosine)
    share = count / max(1, min(rows * columns for rows, columns in grids))
    cosine = float(np.median(matches.cosine)) if count else 0.0
    agreement = _agreement(matches, grids)
    model, matrix, inliers = _geometry(matches, grids)
    fit = float(inliers.mean()) if count else 0.0
    facts = {"share": share, "cosine": cosine, "agreement": agreement, "fit": fit}
    score = BIAS + sum(WEIGHTS[name] * value for name, value in facts.items())
    probability = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))
    if count < LEAST:
        probability = min(probability, 0.5)
    same = True if probability >= SURE else False if probability <= 1.0 - SURE else None
    sure = abs(2.0 * probability - 1.0)
    return Coherence(
        model,
        matrix,
        inliers,
        round(fit, 4),
        round(agreement, 4),
        round(probability, 4),
        same,
        round(sure if same is not None else 0.0, 4),
    )


def _agreement(matches: Matches, grids: tuple[tuple[int, int], tuple[int, int]]) -> float:
    if len(matches.cosine) < 2:
        return 0.0
    one = _cells(matches.cells[:, 0], grids[0][1])
    other = _cells(matches.cells[:, 1], grids[1][1])
    near = np.abs(one[:, None] - one[None]).max(axis=2) == 1
    if not near.any():
        return 0.0
    stays = np.abs(other[:, None] - other[None]).max(axis=2) <= 2
    return float((near & stays).sum() / near.sum())


def _geometry(
    matches: Matches, grids: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[Model, NDArray[np.float64] | None, NDArray[np.bool_]]:
    count = len(matches.cosine)
    nothing = np.zeros(count, dtype=bool)
    if count < LEAST:
        return "none", None, nothing
    # In patches of the second picture, so that one reach holds for all.
    scale = np.array([grids[1][1], grids[1][0]], dtype=np.float64)
    first, second = matches.first * scale, matches.second * scale
    cv2.setRNGSeed(3)
    found = [one for one in _fits(first, second) if one[2].any()]
    if not found:
        return "none", None, nothing
    best = found[0]
    for one in found[1:]:
        # A freer model must explain clearly more.
        margin = 1.25 if one[0] == "homography" else 1.6
        if one[2].sum() > margin * best[2].sum():
            best = one
    to, back = np.diag([*scale, 1.0]), np.diag([*(1.0 / scale), 1.0])
    matrix = to.T @ best[1] @ to if best[0] == "fundamental" else back @ best[1] @ to
    return best[0], matrix, best[2]


def _fits(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> list[tuple[Model, NDArray[np.float64], NDArray[np.bool_]]]:
    """Every geometry that enough points determine, from the stiffest to the freest; lengths in patches."""
    count, found = len(first), list[tuple[Model, NDArray[np.float64], NDArray[np.bool_]]]()
    affine, kept = cv2.estimateAffine2D(first, second, method=cv2.RANSAC, ransacReprojThreshold=REACH, maxIters=2000)
    if affine is not None:
        found.append(("affine", np.vstack([affine, [0.0, 0.0, 1.0]]), kept.ravel() > 0))
    try:
        if count >= 8:
            plane, kept = cv2.findHomography(first, second, cv2.USAC_MAGSAC, REACH, maxIters=2000)
            if plane is not None:
                found.append(("homography", np.asarray(plane, np.float64), kept.ravel() > 0))
        if count >= 16:
            # A point need only lie near a line, which chance does more often: half the reach.
            lines, kept = cv2.findFundamentalMat(first, second, cv2.USAC_MAGSAC, 0.5 * REACH, 0.99, 2000)
            if lines is not None and lines.shape == (3, 3):
                found.append(("fundamental", np.asarray(lines, np.float64), kept.ravel() > 0))
    except cv2.error:
        # OpenCV raises where no sample of the points gives a model; those found so far stand.
        return found
    return found


def _cells(flat: NDArray[np.int64], columns: int) -> NDArray[np.int64]:
    return np.stack([flat // columns, flat % columns], axis=1)
