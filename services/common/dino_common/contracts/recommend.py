"""More like these, less like those."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Cosine, Request, Response, Seconds
from .hit import BY_FEATURES, Hit
from .operation import Operation, Service
from .search_filters import SearchFilters

Strategy = Literal["mean_difference", "best_score"]
Features = Annotated[list[float], Field(min_length=2, max_length=8192)]


class RecommendRequest(Request):
    """Examples of what is wanted and of what is not: assets, or features that the client holds."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"positive": [EXAMPLE_ID], "negative": [EXAMPLE_ID_2], "limit": 10}]}
    )

    positive: list[AssetId] = Field(default_factory=list, max_length=32)
    negative: list[AssetId] = Field(default_factory=list, max_length=32)
    positive_features: list[Features] = Field(default_factory=list, max_length=32)
    negative_features: list[Features] = Field(default_factory=list, max_length=32)
    model_version: str | None = Field(default=None, max_length=200, description="Needed with features.")
    strategy: Strategy = Field(
        default="mean_difference",
        description="mean_difference: nearest to mean(positive) + (mean(positive) - mean(negative)). best_score: by "
        "the nearest example of each side, for wishes of several kinds.",
    )
    limit: int = Field(default=10, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=256)
    min_score: Cosine | None = Field(default=None, description="Leave out hits below this score.")
    include_examples: bool = Field(default=False, description="Keep the examples among the hits.")
    filters: SearchFilters = Field(default_factory=SearchFilters)

    @model_validator(mode="after")
    def _examples(self) -> Self:
        if not self.positive and not self.positive_features:
            raise ValueError("give at least one positive example")
        if (self.positive_features or self.negative_features) and self.model_version is None:
            raise ValueError("features need the model_version they were computed with")
        if both := set(self.positive) & set(self.negative):
            raise ValueError(f"{min(both)} is both positive and negative")
        return self


class RecommendedAsset(Hit):
    """A hit."""

    score: Cosine = Field(
        description="mean_difference: cosine with the wished direction. best_score: cosine with the nearest positive "
        "example, or minus that with the nearest negative one where that is nearer."
    )
    nearest_positive: Cosine = Field(description="Cosine with the nearest positive example.")
    nearest_negative: Cosine | None = Field(description="Cosine with the nearest negative example.")


class RecommendResponse(Response):
    """Hits from best to worst."""

    items: list[RecommendedAsset]
    next_cursor: str | None
    strategy: Strategy
    indexed: int = Field(ge=0, description="Assets in the index of this model version.")
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    Operation(
        name="recommend",
        service=Service.ANALYTICS,
        method="POST",
        path="/recommend",
        request=RecommendRequest,
        response=RecommendResponse,
        tag="search",
        summary="More like these, less like those",
        timeout_s=60,
        errors=BY_FEATURES,
    ),
)
