"""Where a head is turned, by the key points of its face."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

_TURNED = 0.35
"""Of the way from the middle of the ears to one of them: a nose that far out is of a head turned by about 20 degrees,
as the nose stands out of the ears' plane by about as much as half of their distance."""


def head_turned(points: NDArray[np.float32]) -> Literal["camera", "left", "right"]:
    """Return where a face looks, in the picture's sides.

    Args:
        points: float32 (6, 2): right eye, left eye, nose, mouth, right ear, left ear.
    """
    across = points[5] - points[4]
    length = float(across @ across)
    if length < 1e-6:
        return "camera"
    along = float((points[2] - (points[4] + points[5]) / 2) @ across) / length * 2
    # The ears change their places in the picture with the head on its head only; a profile puts one on the other.
    if along < -_TURNED:
        return "left"
    return "right" if along > _TURNED else "camera"
