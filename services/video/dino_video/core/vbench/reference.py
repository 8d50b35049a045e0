"""Does a film keep the subject of the picture that it was made from?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAREST, MEAN, LOWEST = 0.4, 0.3, 0.3


@dataclass(frozen=True, slots=True)
class ReferenceLikeness:
    """`score` 0–1; `likeness` (n,) cosine of each frame to the reference; `nearest` the highest of them, `mean` and
    `lowest` of the cosines of adjacent frames. Cosines below 0 count as 0."""

    score: float
    likeness: NDArray[np.float64]
    nearest: float
    mean: float
    lowest: float


def i2v_subject(
    reference: NDArray[np.floating], features: NDArray[np.floating], adjacent: NDArray[np.floating]
) -> ReferenceLikeness:
    """VBench's i2v_subject: 0.4·max cos(reference, frames) + 0.3·mean cos(adjacent) + 0.3·min cos(adjacent).

    Huang et al., "VBench++" (2024), image-to-video subject consistency. `reference` (d,), `features` (n, d), both of
    length 1; `adjacent` (m,) cosines of neighbouring frames, m ≥ 1 (the caller leaves out pairs across cuts).
    Raises ValueError without frames or pairs.
    """
    if not len(features) or not len(adjacent):
        raise ValueError("expected a frame and a pair of frames")
    likeness = np.clip(features.astype(np.float64) @ reference.astype(np.float64), 0.0, 1.0)
    pairs = np.clip(adjacent.astype(np.float64), 0.0, 1.0)
    nearest, mean, lowest = float(likeness.max()), float(pairs.mean()), float(pairs.min())
    return ReferenceLikeness(NEAREST * nearest + MEAN * mean + LOWEST * lowest, likeness, nearest, mean, lowest)
