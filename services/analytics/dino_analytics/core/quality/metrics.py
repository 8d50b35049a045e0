"""All technical metrics of one picture."""

from __future__ import annotations

from dataclasses import dataclass

from dino_analytics.core.quality.colorfulness import colorfulness
from dino_analytics.core.quality.compression import compression
from dino_analytics.core.quality.contrast import contrast
from dino_analytics.core.quality.exposure import brightness, exposure
from dino_analytics.core.quality.noise import noise_level
from dino_analytics.core.quality.picture import RGB, at_working_size, checked, luma, native_centre
from dino_analytics.core.quality.resolution import resolution
from dino_analytics.core.quality.sharpness import sharpness


@dataclass(frozen=True, slots=True)
class TechnicalMetrics:
    """Technical metrics of a picture, each 0–1 and defined at the function of its name.

    Higher is better for `sharpness`, `contrast`, `exposure` and `resolution`; higher is worse for
    `noise_level` and `compression`; `brightness` and `colorfulness` only describe.
    """

    sharpness: float
    contrast: float
    brightness: float
    noise_level: float
    exposure: float
    colorfulness: float
    compression: float
    resolution: float


def technical_metrics(rgb: RGB, *, original_size: tuple[int, int] | None = None) -> TechnicalMetrics:
    """Measure a picture: (h, w, 3) uint8 RGB, upright, at least 8 pixels a side.

    `original_size` is (width, height) of the file where `rgb` was decoded scaled-down; `compression` and the
    entropy in `exposure` are only meaningful on unscaled pixels. Raises ValueError for another dtype or
    shape.
    """
    whole = at_working_size(checked(rgb))
    tones = luma(whole)
    native = native_centre(rgb)
    width, height = original_size or (rgb.shape[1], rgb.shape[0])
    return TechnicalMetrics(
        sharpness=sharpness(tones),
        contrast=contrast(tones),
        brightness=brightness(tones),
        noise_level=noise_level(tones),
        exposure=exposure(tones, native),
        colorfulness=colorfulness(whole),
        compression=compression(luma(native)),
        resolution=resolution(width, height),
    )
