"""Technical quality of a picture: metrics, one score, its grade and what to do about it."""

from dino_analytics.core.quality.advice import recommendations
from dino_analytics.core.quality.assess import QualityAssessment, assess
from dino_analytics.core.quality.grade import QualityGrade, quality_grade
from dino_analytics.core.quality.metrics import TechnicalMetrics, technical_metrics
from dino_analytics.core.quality.score import quality_score

__all__ = [
    "QualityAssessment",
    "QualityGrade",
    "TechnicalMetrics",
    "assess",
    "quality_grade",
    "quality_score",
    "recommendations",
    "technical_metrics",
]
