"""Sharpness of a frame against the other frames of its shot."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def tenengrad(grey: NDArray[np.uint8]) -> float:
    """Mean squared Sobel gradient over the variance of luma plus one: larger is sharper.

    Krotkov, "Focusing", IJCV 1 (1988); Pertuz, Puig and Garcia, "Analysis of focus measure operators", Pattern
    Recognition 46 (2013). Over the variance, so that a change of light does not look like focus. Compares
    frames of one scene and size; says little across scenes. `grey` uint8 (h, w).
    """
    across = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3), dtype=np.float32)
    down = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3), dtype=np.float32)
    power = float(np.mean(across * across + down * down, dtype=np.float64))
    return power / (float(np.var(grey, dtype=np.float64)) + 1.0)
