"""``spec.thresholds``: the cut-offs in force; a change takes effect within seconds and restarts nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dino_operator.spec.base import Part

Unit = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]


class ThresholdSet(Part):
    """Cut-offs; one that is not set falls back to the deployment's, the model card's and then the default."""

    similarity: Unit | None = Field(None, description="Similar at or above this cosine, 0 to 1.")
    consistency: Percent | None = Field(None, description="Same character at or above this score, 0 to 100.")
    quality: Percent | None = Field(None, description="Good enough at or above this score, 0 to 100.")


class Thresholds(ThresholdSet):
    """Cut-offs of the deployment and of its categories."""

    categories: dict[str, ThresholdSet] = Field(
        default_factory=dict,
        max_length=200,
        description="Cut-offs by category, such as electronics or clothing.",
        json_schema_extra={"default": {}},
    )
