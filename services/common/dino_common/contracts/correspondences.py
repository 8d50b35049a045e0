"""What in one picture is where in another."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Cosine, Matrix, Request, Response, Seconds, Unit
from .drawing import Drawing
from .look import look_operation


class FindCorrespondencesRequest(Request):
    """Two pictures."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_id_1": EXAMPLE_ID, "asset_id_2": EXAMPLE_ID_2}]})

    asset_id_1: AssetId
    asset_id_2: AssetId
    max_matches: int = Field(default=100, ge=1, le=500, description="Matches listed, at most; all are judged.")
    min_cosine: float = Field(default=0.35, ge=-1, le=1, description="Cosine from which a pair of patches counts.")
    refine: bool = Field(default=True, description="Move matches to where the pixels agree.")
    drawing: bool = Field(default=True, description="Draw the matches between both pictures.")


class Correspondence(Response):
    """A place in either picture, in shares of its sides."""

    x1: float
    y1: float
    x2: float
    y2: float
    cosine: Cosine
    fits: bool = Field(description="Whether it fits the geometry that most matches share.")
    refined: bool = Field(description="Whether pixels agreed, so that it is placed more finely than the patches.")


class FindCorrespondencesResponse(Response):
    """Matches and whether both pictures show one thing."""

    asset_id_1: AssetId
    asset_id_2: AssetId
    same_thing: bool | None = Field(description="Two angles of one thing? Null where it is unknown.")
    probability: Unit
    confidence: Unit = Field(description="Of the verdict; 0 where it is unknown.")
    explanation: str
    total_matches: int = Field(ge=0, description="Mutual nearest patches.")
    inlier_share: Unit = Field(description="Share of the matches that fit the geometry.")
    neighbour_agreement: Unit = Field(description="Share of neighbouring matches that stay neighbours.")
    median_cosine: Cosine
    geometry: Literal["affine", "homography", "fundamental", "none"]
    transform: Matrix | None = Field(
        description="3 × 3 in shares of the sides, first to second; of fundamental the epipolar constraint."
    )
    matches: list[Correspondence] = Field(description="Best first.")
    drawing: Drawing | None = None
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    look_operation(
        "find-correspondences",
        FindCorrespondencesRequest,
        FindCorrespondencesResponse,
        summary="Match two pictures patch by patch",
        description="Mutual nearest patches, the geometry they share, and whether both pictures show one thing.",
        drawing="drawing",
    ),
)
