"""Whether a picture looks like a reference set, region by region."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Matrix, Percent, Request, Response, Seconds, Unit
from .drawing import Drawing
from .look import LookBox, look_operation


class AssessPlausibilityRequest(Request):
    """A picture and what is to be held plausible."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID, "reference_asset_ids": [EXAMPLE_ID_2]}]}
    )

    asset_id: AssetId
    reference_asset_ids: list[AssetId] = Field(
        min_length=1, max_length=30, description="Pictures that are as they should be; three or more give a verdict."
    )
    drawing: bool = Field(default=True, description="Draw the heat map.")


class UnlikeRegion(Response):
    """A region unlike every reference."""

    box: LookBox
    strength: Unit = Field(description="How far beyond the bound, 0–1.")
    patches: int = Field(ge=1)
    contains: list[Literal["face", "hand"]] = Field(description="What the people detector found there.")


class AssessPlausibilityResponse(Response):
    """How unlike the references a picture is; unlike is not the same as wrong."""

    asset_id: AssetId
    verdict: Literal["plausible", "doubtful", "implausible", "unknown"]
    plausibility_score: Percent | None = Field(description="Null with fewer than three references.")
    confidence: Unit
    explanation: str
    image_distance: float = Field(ge=0, description="Mean of the farthest 1 % of the patches' cosine distances.")
    usual_distance: float | None = Field(description="The same of the references to each other; null with too few.")
    largest_usual_distance: float | None
    overall_shift: float = Field(
        ge=0, description="By how much all of the picture is farther than usual; regions are beyond it."
    )
    patch_bound: float = Field(description="Distance beyond the shift from which a patch is unlike the references.")
    regions: list[UnlikeRegion] = Field(description="Strongest first.")
    detector: str | None = Field(description="Which one looked for faces and hands; null where none is there.")
    heat_map: Matrix = Field(description="Rows of 0–1 over the whole picture; 0.5 is the bound.")
    drawing: Drawing | None = None
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    look_operation(
        "assess-plausibility",
        AssessPlausibilityRequest,
        AssessPlausibilityResponse,
        summary="Which regions look unlike a reference set?",
        description="Each patch by its distance to the nearest patch of the references, as AnomalyDINO.",
        timeout_s=120,
        drawing="drawing",
    ),
)
