"""Brightness, and whether the tones of a picture are used well."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.quality.backdrop import WHITE, white_backdrop
from dino_analytics.core.quality.picture import RGB, Luma

LOW_KEY, MIDDLE = 0.20, 0.55
"""Mean luma (of 1) from and up to which a picture counts as well exposed.

18 % grey is 0.46 in sRGB; low-key photographs keep their detail, overexposed ones do not.
"""
SPREAD = 0.20
"""Distance of the mean from that range at which the term of the mean falls to e^-½ = 0.61."""


def brightness(luma: Luma) -> float:
    """Mean luma, 0 (black) to 1 (white); a description and not a judgement."""
    return float(luma.mean(dtype="float64")) / 255.0


def blown_out_share(luma: Luma | NDArray[np.float32]) -> float:
    """Share of pixels, 0–1, at the white end, where detail is lost for good.

    The black end is left out: black backgrounds are common and wanted, and a picture that is too dark shows
    in its mean and its entropy.
    """
    return float(np.mean(luma >= WHITE))


def tonal_entropy(rgb: RGB) -> float:
    """Shannon entropy of the 256-level histograms over its maximum of 8 bits, mean of the channels, 0–1.

    No change of exposure can raise the entropy of the same pixels (a function of a variable carries no more
    information than the variable: Cover and Thomas, "Elements of information theory", 2.2), so lost
    tones show whatever the scene.
    """
    return sum(_entropy_bits(rgb[..., channel]) for channel in range(3)) / 3.0 / 8.0


def _entropy_bits(levels: NDArray[np.uint8]) -> float:
    counts = np.bincount(levels.ravel(), minlength=256)
    shares = counts[counts > 0] / levels.size
    return max(0.0, float(-(shares * np.log2(shares)).sum()))


def exposure(luma: Luma, native: RGB) -> float:
    """Exposure 0 (lost in black or white) to 1 (well exposed); falls when too dark and when too bright.

    Product of the Gaussian well-exposedness of the mean (Mertens, Kautz and Van Reeth, "Exposure fusion",
    Pacific Graphics 2007, per pixel there; here of the mean and flat over 0.20–0.55, σ = 0.20
    beyond), the share of pixels that are not blown out, and the tonal entropy; a white backdrop is left out.
    `luma` (h, w) float32 in 0–255 at working size; `native` (h, w, 3) uint8 pixels that were not resampled,
    which would blend lost tones back in.
    """
    behind = white_backdrop(luma)
    tones, pixels = luma, native
    if behind.any():
        tones = luma[~behind]
        kept = native.min(axis=2) < WHITE
        pixels = native[kept][:, np.newaxis, :] if kept.any() else native
    mean = brightness(tones)
    offset = max(0.0, mean - MIDDLE, LOW_KEY - mean) / SPREAD
    return math.exp(-0.5 * offset * offset) * (1.0 - blown_out_share(tones)) * tonal_entropy(pixels)
