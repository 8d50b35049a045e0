"""The verdict whether two pictures show the same character, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dino_analytics.core.similarity import euclidean_from_cosine, similarity_score
from dino_analytics.core.thresholds import Threshold, ThresholdSource

ConfidenceLevel = Literal["low", "medium", "high"]

DEFAULT_SLOPE = 0.25
"""Logistic slope per score point where a model card has none: four points away gives 0.46."""
MEDIUM_CONFIDENCE = 0.4
HIGH_CONFIDENCE = 0.75

_SOURCE_WORDS: dict[ThresholdSource, str] = {
    "request": "given in the request",
    "character": "calibrated for this character",
    "category": "of this category",
    "setting": "of this deployment's settings",
    "model_card": "calibrated for this model",
    "default": "used by default",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A consistency verdict that explains itself.

    `similarity_score` and `threshold` in 0–100, `confidence` in 0–1, `cosine_similarity` in [-1, 1],
    `euclidean_distance` in [0, 2].
    """

    same_character: bool
    similarity_score: float
    cosine_similarity: float
    euclidean_distance: float
    threshold: float
    threshold_source: ThresholdSource
    confidence: float
    confidence_level: ConfidenceLevel
    explanation: str


def confidence(score: float, threshold: float, slope: float = DEFAULT_SLOPE) -> float:
    """How sure the verdict is, in 0–1: |2σ(a(s − t)) − 1|, which is |tanh(a(s − t)/2)|.

    `score` and `threshold` in 0–100, `slope` a > 0 per score point. σ(a(s − t)) is the probability of
    "same" by logistic calibration (Platt 1999) with the threshold as its even point; 0 means a coin toss.
    """
    if not (math.isfinite(slope) and slope > 0):
        raise ValueError(f"the slope must be a positive number, got {slope}")
    return abs(math.tanh(slope * (score - threshold) / 2.0))


def confidence_level(value: float) -> ConfidenceLevel:
    """Name a confidence in 0–1: low < 0.4 ≤ medium < 0.75 ≤ high."""
    if value >= HIGH_CONFIDENCE:
        return "high"
    return "medium" if value >= MEDIUM_CONFIDENCE else "low"


def judge(cosine: float, threshold: Threshold, slope: float = DEFAULT_SLOPE) -> Verdict:
    """Judge a pair from its cosine in [-1, 1] and the threshold in force.

    The score that is compared is the one that is shown (one decimal), so that the answer never
    contradicts itself. `slope` comes from the model card's calibration.
    """
    score = similarity_score(cosine)
    same = score >= threshold.value
    sure = confidence(score, threshold.value, slope)
    level = confidence_level(sure)
    return Verdict(
        same_character=same,
        similarity_score=score,
        cosine_similarity=cosine,
        euclidean_distance=euclidean_from_cosine(cosine),
        threshold=threshold.value,
        threshold_source=threshold.source,
        confidence=sure,
        confidence_level=level,
        explanation=_explain(score, threshold, same, level),
    )


def _explain(score: float, threshold: Threshold, same: bool, level: ConfidenceLevel) -> str:
    if same:
        lead = "High similarity suggests the same character"
        relation = "reaches"
    else:
        lead = "Low similarity suggests different characters"
        relation = "is below"
    text = (
        f"{lead}: the score {score:.1f} of 100 {relation} the threshold {threshold.value:g} "
        f"{_SOURCE_WORDS[threshold.source]}; confidence is {level}."
    )
    if level == "low":
        text += " The score lies close to the threshold, so have a person look at this pair."
    return text
