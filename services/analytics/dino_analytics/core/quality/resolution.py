"""Number of pixels."""

from __future__ import annotations

import math

SMALLEST, FULL_HD = 64 * 64, 1920 * 1080


def resolution(width: int, height: int) -> float:
    """Resolution 0 (64×64 or less) to 1 (full HD or more), linear in the logarithm of the pixel count.

    Logarithmic because every doubling of the pixels is one step of visible detail.
    `width`, `height` in pixels.
    """
    if width <= 0 or height <= 0:
        raise ValueError(f"a picture needs pixels, got {width}x{height}")
    steps = math.log(width * height / SMALLEST) / math.log(FULL_HD / SMALLEST)
    return min(1.0, max(0.0, steps))
