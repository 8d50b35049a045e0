"""The overall quality score."""

from __future__ import annotations

from dataclasses import dataclass

from dino_analytics.core.quality.metrics import TechnicalMetrics

SHARP_ENOUGH, CONTRAST_ENOUGH = 0.85, 0.75
"""Metric values at which sharpness and contrast cost nothing; more still earns a little."""
FAINT = 0.02
"""Smallest value of a term, so that one lost quality leaves the others visible."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Exponents of the weighted geometric mean; see `quality_score`."""

    sharpness: float = 0.40
    noise: float = 1.30
    contrast: float = 0.20
    exposure: float = 0.60
    compression: float = 0.38
    resolution: float = 0.08


WEIGHTS = Weights()


def quality_score(metrics: TechnicalMetrics, weights: Weights = WEIGHTS) -> float:
    """Overall quality, 0–100 with one decimal.

    100 × the product of sharpness/0.85, contrast/0.75, exposure, resolution, 1 − noise_level^1.3 and
    1 − compression², each raised to its weight: one bad quality spoils a picture, and no other makes up
    for it. The exponents 1.3 and 2 leave slight noise and invisible blocks nearly free. Brightness and
    colourfulness describe and do not count. Weights were tuned so that distorted copies of photographs
    (blur, noise, contrast, exposure, JPEG) rank below their originals while good photographs reach 70 to 95;
    `benchmarks/quality_validation.py` measures it, on pictures that were not used for tuning too.
    """
    terms = (
        (metrics.sharpness / SHARP_ENOUGH, weights.sharpness),
        (metrics.contrast / CONTRAST_ENOUGH, weights.contrast),
        (metrics.exposure, weights.exposure),
        (metrics.resolution, weights.resolution),
        (1.0 - metrics.noise_level**1.3, weights.noise),
        (1.0 - metrics.compression**2, weights.compression),
    )
    product = 100.0
    for value, weight in terms:
        product *= max(value, FAINT) ** weight
    return round(min(100.0, product), 1)
