"""Colourfulness."""

from __future__ import annotations

import math

import numpy as np

from dino_analytics.core.quality.picture import RGB

EXTREMELY_COLOURFUL = 109.0
"""The measure at which the paper's viewers said "extremely colourful"."""


def colorfulness(rgb: RGB) -> float:
    """Colourfulness 0 (grey) to 1 (extremely colourful).

    Hasler and Süsstrunk, "Measuring colourfulness in natural images", SPIE 5007 (2003):
    M = √(σ_rg² + σ_yb²) + 0.3 · √(μ_rg² + μ_yb²) with rg = R − G and yb = (R + G)/2 − B, over 109.
    It describes and is not part of the overall score: a black-and-white photograph is no worse.
    `rgb` (h, w, 3) uint8.
    """
    red, green, blue = (rgb[..., channel].astype(np.float32) for channel in range(3))
    rg, yb = red - green, 0.5 * (red + green) - blue
    spread = math.hypot(float(rg.std(dtype="float64")), float(yb.std(dtype="float64")))
    shift = math.hypot(float(rg.mean(dtype="float64")), float(yb.mean(dtype="float64")))
    return min(1.0, (spread + 0.3 * shift) / EXTREMELY_COLOURFUL)
