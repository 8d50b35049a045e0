"""Patterns: what a library holds, how it is spread, and what it lacks."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Cosine, Percent, Response, Unit
from .drawing import Drawing
from .set_scope import SetRequest, SetResponse, set_operation


class AnalyzePatternsRequest(SetRequest):
    """Look at the pictures as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2]}]})

    neighbours: int = Field(default=10, ge=2, le=50, description="Nearest pictures that tell how crowded a place is.")
    draw: bool = Field(default=True, description="Draw the map.")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Of the map; the same seed draws the same map.")


class PatternCluster(Response):
    """A cluster on the map."""

    label: str = Field(description="A, B, C, … from large to small.")
    size: int = Field(ge=1)
    share: Unit
    representative_asset_id: AssetId
    cohesion: Cosine
    x: float
    y: float


class PatternItem(Response):
    """A picture on the map; x and y in 0–1, near ones are alike."""

    asset_id: AssetId
    x: Unit
    y: Unit
    cluster: str | None
    uniqueness: Percent = Field(description="Percentile of its distance to its nearest pictures; 100 is the loneliest.")
    representativeness: Percent = Field(description="Percentile of its mean cosine to the whole set.")
    nearest_cosine: Cosine | None = Field(description="To the picture most like it; null for a single picture.")
    outlier: bool = Field(description="Whether it lies much farther from its nearest ones than is usual here.")


class Notable(Response):
    """A picture named for a reason, with the number that it was named for."""

    asset_id: AssetId
    value: float


class CoverageStep(Response):
    """So many well-chosen pictures stand for this share of the set."""

    pictures: int = Field(ge=1)
    covered: Unit = Field(description="Share of the set with one of them at or above the similarity threshold.")


class CoverageGap(Response):
    """A kind of picture that the set hardly holds."""

    asset_ids: list[AssetId] = Field(description="The pictures that there are of it.")
    pictures: int = Field(ge=1)
    nearest_cluster: str | None = Field(description="The cluster most like it.")
    nearest_cosine: Cosine | None = Field(description="To that cluster's centre.")
    text: str


class AnalyzePatternsResponse(SetResponse):
    """The set as a whole."""

    clusters: list[PatternCluster]
    outliers: list[Notable] = Field(description="Loneliest first, with the mean cosine to their nearest; at most 50.")
    most_representative: list[Notable] = Field(description="With the mean cosine to the whole set; at most 10.")
    coverage: list[CoverageStep] = Field(description="By pictures chosen one after the other, each the best addition.")
    representatives: list[AssetId] = Field(description="Those pictures, in order.")
    gaps: list[CoverageGap] = Field(description="At most 20.")
    diversity: Percent = Field(description="100 × (1 − mean cosine of all pairs), clipped to 0–100.")
    threshold: Unit = Field(description="Cosine from which one picture stands for another: the similarity threshold.")
    placed: int = Field(ge=0, description="Pictures that the map was computed from; the others lie by their nearest.")
    items: list[PatternItem]
    drawing: Drawing | None = None


OPERATIONS = (
    set_operation(
        "analyze-patterns",
        AnalyzePatternsRequest,
        AnalyzePatternsResponse,
        summary="What a set of pictures holds and lacks",
        description="A map in two dimensions, clusters, outliers, how unique and how representative every picture is, "
        "and which kinds of pictures are rare.",
        drawing="drawing",
    ),
)
