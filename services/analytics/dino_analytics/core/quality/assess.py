"""One call from pixels to a quality answer."""

from __future__ import annotations

from dataclasses import dataclass

from dino_analytics.core.quality.advice import recommendations
from dino_analytics.core.quality.grade import QualityGrade, quality_grade
from dino_analytics.core.quality.metrics import TechnicalMetrics, technical_metrics
from dino_analytics.core.quality.picture import RGB
from dino_analytics.core.quality.score import quality_score


@dataclass(frozen=True, slots=True)
class QualityAssessment:
    """Score 0–100 with its grade, the metrics behind it, and sentences for people."""

    quality_score: float
    quality_grade: QualityGrade
    technical_metrics: TechnicalMetrics
    recommendations: list[str]


def assess(rgb: RGB, *, original_size: tuple[int, int] | None = None) -> QualityAssessment:
    """Assess a picture: (h, w, 3) uint8 RGB, upright; `original_size` (width, height) if it was scaled down.

    Raises ValueError for another dtype or shape, or under 8 pixels a side.
    """
    metrics = technical_metrics(rgb, original_size=original_size)
    score = quality_score(metrics)
    return QualityAssessment(score, quality_grade(score), metrics, recommendations(metrics, score))
