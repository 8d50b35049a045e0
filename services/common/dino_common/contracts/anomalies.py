"""Anomalies: what is odd beside pictures that are as they should be."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Response, Unit
from .drawing import Drawing
from .search import SearchFilters
from .set_scope import SetRequest, SetResponse, set_operation

MOST_REFERENCES = 500
MOST_TESTED = 1000
EXAMPLE_ID_3 = "3f2504e0-4f89-41d3-9a0c-0305e82c3303"


class DetectAnomaliesRequest(SetRequest):
    """Look for odd pictures and odd places in them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2], "threshold": 0.3}]}
    )

    reference_asset_ids: list[AssetId] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_REFERENCES,
        description="Pictures that are as they should be. Left out, every picture is held against the others.",
    )
    reference_filters: SearchFilters | None = Field(default=None, description="The same by conditions.")
    threshold: Unit | None = Field(
        default=None,
        description="Score from which a picture is odd; left out, it follows from the reference pictures held against "
        "each other, of which there must be three or more.",
    )
    false_alarm_rate: float = Field(
        default=0.01, ge=0.0001, le=0.5, description="Share of proper pictures that the threshold may flag."
    )
    drawings: int = Field(default=3, ge=0, le=8, description="Heat maps of so many of the oddest pictures.")

    @model_validator(mode="after")
    def _one_reference(self) -> Self:
        if self.reference_asset_ids is not None and self.reference_filters is not None:
            raise ValueError("give reference_asset_ids or reference_filters, not both")
        return self


class Region(Response):
    """The oddest place of a picture, as shares of its width and height from the upper left corner."""

    left: Unit
    top: Unit
    right: Unit
    bottom: Unit


class AnomalyItem(Response):
    """A picture and how odd it is."""

    asset_id: AssetId
    score: float = Field(ge=0, le=2, description="Mean cosine distance of its oddest 1 % of patches to the reference.")
    anomalous: bool = Field(description="Whether the score is above the threshold.")
    region: Region = Field(description="Where it is oddest.")
    odd_share: Unit = Field(description="Share of its patches above the threshold.")
    drawing: Drawing | None = Field(default=None, description="The heat map over the picture.")


class DetectAnomaliesResponse(SetResponse):
    """Pictures from oddest to most usual."""

    mode: Literal["reference", "leave_one_out"]
    threshold: float = Field(ge=0, le=2)
    threshold_source: Literal["request", "reference"]
    reference_pictures: int = Field(ge=0)
    reference_scores: list[float] = Field(
        description="Scores of the reference pictures, each held against the others, rising; at most 100."
    )
    bank_patches: int = Field(ge=0, description="Reference patches kept; a fixed number, drawn evenly from all.")
    anomalous: int = Field(ge=0)
    items: list[AnomalyItem]
    drawing: Drawing | None = Field(default=None, description="The heat maps of the oddest pictures in one picture.")


OPERATIONS = (
    set_operation(
        "detect-anomalies",
        DetectAnomaliesRequest,
        DetectAnomaliesResponse,
        summary="Odd pictures, and where they are odd",
        description="Every patch is held against its nearest one of the reference pictures. At most "
        f"{MOST_TESTED} pictures at a time and {MOST_REFERENCES} reference pictures.",
        drawing="drawing",
    ),
)
