"""Sharpness by re-blurring."""

from __future__ import annotations

import cv2
import numpy as np

from dino_analytics.core.quality.noise import noise_sigma
from dino_analytics.core.quality.picture import Luma

KERNEL = 9
SHARP_BLUR = 0.20
"""Blur effect of a picture that is sharp down to single pixels."""
SOFT_BLUR = 0.85
"""Blur effect of a picture without any fine detail left."""


NOISE_SHARE = 0.9
"""Neighbour differences below this share of the noise's standard deviation are not taken for detail."""


def blur_effect(luma: Luma, floor: float = 0.0) -> float:
    """How little of the variation between neighbours a strong blur removes, 0 (sharp) to 1 (blurred).

    Crété, Dolmiere, Ladret and Nicolas, "The blur effect: perception and estimation with a new no-reference
    perceptual blur metric", SPIE 6492 (2007): blur the luma with a 9-tap box along each axis, compare the sum
    of neighbour differences before and after, take the worse axis. `luma` (h, w) float32 in 0–255; `floor` in
    grey levels is taken off every difference first. A picture without any variation counts as blurred, 1.
    """
    return max(_along(luma, axis, floor) for axis in (0, 1))


def _along(luma: Luma, axis: int, floor: float) -> float:
    size = (1, KERNEL) if axis == 0 else (KERNEL, 1)
    blurred = cv2.blur(luma, size, borderType=cv2.BORDER_REFLECT_101)
    before = np.maximum(0.0, np.abs(np.diff(luma, axis=axis)) - floor)
    after = np.abs(np.diff(np.asarray(blurred, dtype=np.float32), axis=axis))
    total = float(before.sum(dtype=np.float64))
    if total == 0.0:
        return 1.0
    lost = float(np.maximum(0.0, before - after).sum(dtype=np.float64))
    return (total - lost) / total


def sharpness(luma: Luma) -> float:
    """Sharpness 0 (no fine detail) to 1 (detail down to the pixel), from `blur_effect`.

    A 3×3 median comes first and 0.9 of the noise's standard deviation is taken off the differences, so that
    noise is not taken for detail. `luma` (h, w) float32 in 0–255 at working size.
    """
    calm = np.asarray(cv2.medianBlur(luma, 3), dtype=np.float32)
    blur = blur_effect(calm, NOISE_SHARE * noise_sigma(luma))
    return float(np.clip((SOFT_BLUR - blur) / (SOFT_BLUR - SHARP_BLUR), 0.0, 1.0))
