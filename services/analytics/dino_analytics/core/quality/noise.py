"""Noise in the calm parts of a picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.quality.picture import Luma

BLOCK = 32
CALM_SHARE = 0.2
"""Share of the blocks that counts: the calmest fifth, where texture disturbs least."""
LEAST_SHARE = 0.02
"""Share of the fine variance that always counts as noise, so that more noise always shows."""
SIGMA_SCALE = 12.0
"""Noise (standard deviation in grey levels of 255) at which `noise_level` reaches 1 − 1/e = 0.63."""

_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6.0
"""Immerkær's mask, scaled so that white noise of variance σ² answers with variance σ²."""


def noise_sigma(luma: Luma) -> float:
    """Standard deviation of the noise in grey levels (0–255 scale).

    Immerkær, "Fast noise variance estimation", CVIU 64 (1996): the difference of two Laplacians cancels plane
    structure and leaves noise, but texture answers too. Averaging 2×2 pixels quarters the variance of white
    noise, while the detail of photographs is about as strong at the next scale (Field, "Relations between
    the statistics of natural images", JOSA A 4, 1987), so σ² = 4/3 · (fine − coarse) variance. Taken over
    the calmest fifth of the 32×32 blocks (weak-texture patches: Liu, Tanaka and Okutomi, IEEE TIP 22, 2013);
    blocks at the black or white end are left out where others exist, because clipping hides their noise.
    """
    height, width = (side // 2 * 2 for side in luma.shape)
    even = np.ascontiguousarray(luma[:height, :width])
    halved = np.asarray(cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.float32)
    fine, coarse = _block_power(even, BLOCK), _block_power(halved, BLOCK // 2)
    means = _block_means(even, BLOCK)
    tonal = (means > 8.0) & (means < 247.0)
    if np.count_nonzero(tonal) >= 5:
        fine, coarse = fine[tonal], coarse[tonal]
    count = max(1, round(CALM_SHARE * coarse.size))
    calm = np.argsort(coarse, kind="stable")[:count]
    total, texture = float(fine[calm].mean()), float(coarse[calm].mean())
    # Rounding in the filter leaves a trace of power in a picture without any.
    if total < 1e-6:
        return 0.0
    return math.sqrt(max(4.0 / 3.0 * (total - texture), LEAST_SHARE * total))


def _block_power(luma: Luma, block: int) -> NDArray[np.float64]:
    response = cv2.filter2D(luma, cv2.CV_32F, _LAPLACIANS, borderType=cv2.BORDER_REFLECT_101)
    return _block_means(np.square(response, dtype=np.float32), block)


def _block_means(values: Luma, block: int) -> NDArray[np.float64]:
    rows, columns = (max(1, side // block) for side in values.shape)
    height, width = min(block, values.shape[0]), min(block, values.shape[1])
    blocks = values[: rows * height, : columns * width].reshape(rows, height, columns, width)
    return blocks.mean(axis=(1, 3), dtype=np.float64).ravel()


def noise_level(luma: Luma) -> float:
    """Noise 0 (none) to 1 (drowned): 1 − exp(−σ/12) of `noise_sigma`; higher is noisier.

    `luma` (h, w) float32 in 0–255 at working size.
    """
    return 1.0 - math.exp(-noise_sigma(luma) / SIGMA_SCALE)
