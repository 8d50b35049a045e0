"""Run-time configuration: the thresholds in force."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from .base import Percent, Request, Response, Timestamp, Unit
from .judgement import ThresholdSource
from .operation import Operation, Scope, Service

DEFAULT_SIMILARITY = 0.75
DEFAULT_CONSISTENCY = 85.0
DEFAULT_QUALITY = 70.0

ThresholdName = Literal["similarity", "consistency", "quality"]


class CategoryThresholds(Response):
    """Thresholds of a named category; null means that the deployment's applies."""

    similarity: Unit | None = None
    consistency: Percent | None = None
    quality: Percent | None = None


class Thresholds(Response):
    """The deployment's settings as they lie in the key-value bucket; null means not set."""

    similarity: Unit | None = None
    consistency: Percent | None = None
    quality: Percent | None = None
    categories: dict[str, CategoryThresholds] = Field(default_factory=dict)


class ThresholdSources(Response):
    """Where each threshold in force comes from."""

    similarity: ThresholdSource
    consistency: ThresholdSource
    quality: ThresholdSource


class Limits(Response):
    """Limits of this deployment."""

    max_file_size_mb: int
    max_batch_size: int
    max_pixels: int
    rate_default_per_minute: int
    rate_upload_per_minute: int
    rate_batch_per_minute: int


class GetConfigRequest(Request):
    """Nothing to say."""


class ConfigResponse(Response):
    """The configuration in force."""

    similarity_threshold: Unit = Field(description="0–1 cosine.")
    consistency_threshold: Percent = Field(description="0–100.")
    quality_threshold: Percent = Field(description="0–100.")
    sources: ThresholdSources
    categories: dict[str, CategoryThresholds]
    limits: Limits
    revision: int = Field(ge=0, description="Grows with every change.")


class SetSimilarityRequest(Request):
    """A new similarity threshold; null goes back to the model card's or the default."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"threshold": 0.75}]})

    threshold: Unit | None


class SetPercentRequest(Request):
    """A new threshold of 0–100; null goes back to the model card's or the default."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"threshold": 85}]})

    threshold: Percent | None


class SetThresholdResponse(Response):
    """The change as applied; every service follows within a second."""

    name: ThresholdName
    threshold: float = Field(description="In force now.")
    previous_threshold: float = Field(description="In force before.")
    source: ThresholdSource
    revision: int = Field(ge=0)
    updated_at: Timestamp


def _put(name: ThresholdName, request: type[Request]) -> Operation:
    return Operation(
        name=f"set-{name}-threshold",
        service=Service.GATEWAY,
        method="PUT",
        path=f"/config/{name}-threshold",
        request=request,
        response=SetThresholdResponse,
        tag="config",
        summary=f"Set the {name} threshold",
        description="Every service follows within a second, without a restart.",
        scope=Scope.ADMIN,
    )


OPERATIONS = (
    Operation(
        name="get-config",
        service=Service.GATEWAY,
        method="GET",
        path="/config",
        request=GetConfigRequest,
        response=ConfigResponse,
        tag="config",
        summary="Thresholds and limits in force",
    ),
    _put("similarity", SetSimilarityRequest),
    _put("consistency", SetPercentRequest),
    _put("quality", SetPercentRequest),
)
