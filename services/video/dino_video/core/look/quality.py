"""Technical quality of a shot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
Luma = NDArray[np.float32]

SIDE = 512
"""Longest side in pixels at which frames are judged; larger ones are averaged down to it."""
KERNEL = 9
SHARP, SOFT = 0.20, 0.85
"""Blur effect of a frame sharp down to pixels, and of one without detail."""
SHAKE_FREE, SHAKE_LOST = 0.0015, 0.012
"""Shake (frame widths, root mean square) that costs nothing, and that costs most."""
FAINT = 0.02


@dataclass(frozen=True, slots=True)
class ShotQuality:
    """`score` 0–100 and its terms, each 0–1 with 1 the best: medians over the frames of `sharpness`, `noise` (1 is
    none), `exposure` and `contrast`; `steadiness` of the camera; `evenness` of sharpness over the frames. `confidence`
    0–1 grows with the number and size of the frames."""

    score: float
    sharpness: float
    noise: float
    exposure: float
    contrast: float
    steadiness: float
    evenness: float
    confidence: float


def shot_quality(frames: list[RGB], *, shake: float = 0.0) -> ShotQuality:
    """Technical quality of a shot from some of its frames; it judges pixels, not content.

    100 × the product of the terms to their weights: one bad quality spoils a shot. Sharpness by re-blurring
    (Crété et al., SPIE 6492, 2007) after a 3×3 median; noise by Immerkær (CVIU 64, 1996) over the calmest fifth of the
    32×32 blocks; exposure as the well-exposedness of the mean (Mertens et al., 2007) times what is not blown
    out; contrast as RMS contrast (Peli, 1990). Steadiness is of shake alone: an intended move costs nothing.
    Frames that were scaled down have lost noise and compression: judge frames of 512 pixels or more where there
    are some. `frames` one or more (h, w, 3) uint8 RGB, at least 16 pixels a side; `shake` as `Movement.shake`.
    """
    if not frames:
        raise ValueError("a shot without frames has no quality")
    terms = np.array([_terms(_luma(frame)) for frame in frames])
    sharpness, noise, exposure, contrast = (float(v) for v in np.median(terms, axis=0))
    # The worst tenth against the median: focus that is lost for some of the shot.
    low = float(np.percentile(terms[:, 0], 10))
    evenness = float(np.clip(low / max(sharpness, 0.05), 0.0, 1.0))
    steadiness = 1.0 - float(np.clip((shake - SHAKE_FREE) / (SHAKE_LOST - SHAKE_FREE), 0.0, 1.0)) * 0.6
    weighted = (
        (min(1.0, sharpness / 0.85), 0.45),
        (noise, 0.9),
        (exposure, 0.6),
        (min(1.0, contrast / 0.75), 0.2),
        (steadiness, 0.4),
        (evenness, 0.15),
    )
    score = 100.0 * math.prod(max(value, FAINT) ** weight for value, weight in weighted)
    size = min(1.0, max(frames[0].shape[:2]) / SIDE)
    confidence = float(np.clip((0.5 + 0.5 * min(1.0, len(frames) / 5)) * (0.4 + 0.6 * size), 0.0, 1.0))
    return ShotQuality(
        round(min(100.0, score), 1), sharpness, noise, exposure, contrast, steadiness, evenness, confidence
    )


def _luma(rgb: RGB) -> Luma:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or min(rgb.shape[:2]) < 16:
        raise ValueError(f"expected (h, w, 3) uint8 RGB of 16 pixels a side or more, got {rgb.dtype} {rgb.shape}")
    height, width = rgb.shape[:2]
    scale = SIDE / max(height, width)
    if scale < 1.0:
        rgb = np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32))


def _terms(luma: Luma) -> tuple[float, float, float, float]:
    sigma = _noise(luma)
    calm = np.asarray(cv2.medianBlur(luma, 3), dtype=np.float32)
    blur = max(_blur(calm, axis, 0.9 * sigma) for axis in (0, 1))
    sharpness = float(np.clip((SOFT - blur) / (SOFT - SHARP), 0.0, 1.0))
    mean = float(luma.mean()) / 255.0
    away = max(0.0, 0.20 - mean, mean - 0.55)
    exposure = math.exp(-0.5 * (away / 0.20) ** 2) * (1.0 - float((luma >= 250).mean()))
    contrast = math.tanh(float(luma.std()) / 255.0 / (mean + 0.25) / 0.36)
    return sharpness, math.exp(-sigma / 12.0), exposure, contrast


def _blur(luma: Luma, axis: int, floor: float) -> float:
    size = (1, KERNEL) if axis == 0 else (KERNEL, 1)
    blurred = np.asarray(cv2.blur(luma, size, borderType=cv2.BORDER_REFLECT_101), dtype=np.float32)
    before = np.maximum(0.0, np.abs(np.diff(luma, axis=axis)) - floor)
    after = np.abs(np.diff(blurred, axis=axis))
    total = float(before.sum(dtype=np.float64))
    return 1.0 if total == 0.0 else 1.0 - float(np.maximum(0.0, before - after).sum(dtype=np.float64)) / total


def _noise(luma: Luma) -> float:
    """Standard deviation of the noise in grey levels."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6.0
    power = np.square(np.asarray(cv2.filter2D(luma, cv2.CV_32F, mask), dtype=np.float32))
    side = min(32, *luma.shape)
    rows, columns = luma.shape[0] // side, luma.shape[1] // side
    blocks = power[: rows * side, : columns * side].reshape(rows, side, columns, side).mean(axis=(1, 3)).ravel()
    calm = np.sort(blocks)[: max(1, round(0.2 * blocks.size))]
    return math.sqrt(float(calm.mean()))
