"""The grade of a quality score."""

from __future__ import annotations

from typing import Literal

QualityGrade = Literal["poor", "fair", "good", "high", "excellent"]

GRADES: tuple[tuple[float, QualityGrade], ...] = (
    (90.0, "excellent"),
    (75.0, "high"),
    (60.0, "good"),
    (40.0, "fair"),
)
"""Lowest score of each grade above poor."""


def quality_grade(score: float) -> QualityGrade:
    """Grade a score of 0–100: poor < 40 ≤ fair < 60 ≤ good < 75 ≤ high < 90 ≤ excellent."""
    for lowest, grade in GRADES:
        if score >= lowest:
            return grade
    return "poor"
