"""Search over the library."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from .assets import EXAMPLE_ID
from .base import AssetId, Cosine, Percent, Request, Response, Seconds, Unit
from .hit import BY_FEATURES, Hit
from .judgement import ThresholdSource
from .operation import Operation, Service
from .search_filters import SearchFilters


class FindSimilarRequest(Request):
    """Find the library's nearest pictures to an asset or to features that the client holds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"asset_id": EXAMPLE_ID, "limit": 10, "filters": {"kind": "image"}}],
            "oneOf": [{"required": ["asset_id"]}, {"required": ["features", "model_version"]}],
        }
    )

    asset_id: AssetId | None = Field(default=None, description="The picture to start from.")
    features: list[float] | None = Field(default=None, min_length=2, max_length=8192)
    model_version: str | None = Field(default=None, max_length=200, description="Needed with features.")
    limit: int = Field(default=10, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=256)
    min_similarity: Cosine | None = Field(default=None, description="Leave out hits below this cosine.")
    include_self: bool = Field(default=False, description="Keep the starting asset among the hits.")
    filters: SearchFilters = Field(default_factory=SearchFilters)

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if (self.asset_id is None) == (self.features is None):
            raise ValueError("give asset_id, or features with model_version")
        if self.features is not None and self.model_version is None:
            raise ValueError("features need the model_version they were computed with")
        return self


class SimilarAsset(Hit):
    """A hit."""

    similarity_percentage: Percent
    cosine_similarity: Cosine
    is_similar: bool = Field(description="Whether the cosine reaches the similarity threshold in force.")


class FindSimilarResponse(Response):
    """Hits from nearest to farthest."""

    asset_id: AssetId | None
    items: list[SimilarAsset]
    next_cursor: str | None
    threshold: Unit
    threshold_source: ThresholdSource
    indexed: int = Field(ge=0, description="Assets in the index of this model version.")
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    Operation(
        name="find-similar",
        service=Service.ANALYTICS,
        method="POST",
        path="/find-similar",
        request=FindSimilarRequest,
        response=FindSimilarResponse,
        tag="search",
        summary="Nearest pictures of the library",
        timeout_s=60,
        errors=BY_FEATURES,
    ),
)
