"""Straight lines of a frame that stand nearly upright or lie nearly level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

WIDTH = 640
"""Width in pixels at which lines are looked for."""
SHORTEST = 0.045
"""Length in frame widths from which a line counts."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Segments in frame widths around the centre: middles `x`, `y` (n,), `angle` (n,) in radians from the vertical,
    −π/2 to π/2, positive when the upper end leans right; `length` (n,)."""

    x: Float
    y: Float
    angle: Float
    length: Float


def lines(grey: NDArray[np.uint8]) -> Lines:
    """Straight segments of a frame: uint8 (h, w).

    Line segment detector (Grompone von Gioi et al., IPOL 2012).
    """
    if grey.dtype != np.uint8 or grey.ndim != 2:
        raise ValueError(f"expected a grey uint8 frame, got {grey.dtype} {grey.shape}")
    scale = WIDTH / grey.shape[1]
    sized = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    found = cv2.createLineSegmentDetector().detect(np.asarray(sized, dtype=np.uint8))[0]
    ends = np.asarray(found if found is not None else np.zeros((0, 1, 4)), dtype=np.float64).reshape(-1, 4) / WIDTH
    across, down = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    length = np.hypot(across, down)
    kept = length >= SHORTEST
    # Every segment points up, so that lean has a sign.
    flip = np.where(down > 0, -1.0, 1.0)
    angle = np.arctan2(across * flip, -down * flip)
    x = (ends[:, 0] + ends[:, 2]) / 2 - 0.5
    y = (ends[:, 1] + ends[:, 3]) / 2 - 0.5 * grey.shape[0] / grey.shape[1]
    return Lines(x[kept], y[kept], np.clip(angle[kept], -math.pi / 2, math.pi / 2), length[kept])
