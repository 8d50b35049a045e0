"""Contrast of luma."""

from __future__ import annotations

import math

from dino_analytics.core.quality.picture import Luma

ADAPTATION = 0.25
"""Luma (of 1) added to the mean: the eye's adaptation does not go on to black."""
FULL_CONTRAST = 0.36
"""Relative contrast that a vivid photograph reaches; `contrast` is 0.76 there."""


def contrast(luma: Luma) -> float:
    """Contrast 0 (flat) towards 1 (black and white): tanh of the relative RMS contrast over 0.36.

    RMS contrast is the standard deviation of luma relative to its mean (Peli, "Contrast in complex images",
    JOSA A 7, 1990), here to mean + 0.25, all on 0–1, so that a picture does not gain by being brightened nor
    a black one by having no mean; tanh keeps the scale from ending where strong pictures begin.
    `luma` (h, w) float32 in 0–255.
    """
    deviation, mean = float(luma.std(dtype="float64")) / 255.0, float(luma.mean(dtype="float64")) / 255.0
    return math.tanh(deviation / (mean + ADAPTATION) / FULL_CONTRAST)
