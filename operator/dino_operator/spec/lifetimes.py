"""``spec.lifetimes``: how long what was computed is kept."""

from __future__ import annotations

from pydantic import Field

from dino_operator.spec.base import Part

_YEAR = 31_536_000


class Lifetimes(Part):
    """Seconds that things live. Features stay in MongoDB in any case until their content is deleted."""

    features_seconds: int = Field(86_400, ge=1, le=_YEAR, description="Features in the cache.")
    similarity_seconds: int = Field(3600, ge=1, le=_YEAR, description="Quality metrics and cosines in the cache.")
    preprocessed_seconds: int = Field(21_600, ge=1, le=_YEAR, description="Resized pictures in the cache.")
    jobs_seconds: int = Field(604_800, ge=60, le=_YEAR, description="Jobs with their results.")
    scratch_seconds: int = Field(
        86_400, ge=3600, le=_YEAR, description="What ended jobs, searches and uploads left in the object store."
    )
    verdicts_seconds: int = Field(
        63_072_000, ge=86_400, le=10 * _YEAR, description="Verdicts in the history of a character."
    )
    verdicts_kept: int = Field(10_000, ge=100, le=1_000_000, description="Newest verdicts kept of each character.")
