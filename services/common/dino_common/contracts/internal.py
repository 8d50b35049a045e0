"""Operations of the bus alone: what the services ask of each other."""

from __future__ import annotations

from pydantic import Field

from .base import AssetId, ErrorDetail, Request, Response, Vector
from .operation import Operation, Service
from .system import Gpu, ModelInfo


class StatusRequest(Request):
    """Nothing to say."""


class ServiceStatus(Response):
    """A service about itself."""

    service: str
    instance: str
    version: str
    ready: bool
    reasons: list[str] = Field(default_factory=list)


class InferenceStatus(ServiceStatus):
    """The inference service about itself."""

    gpu: Gpu
    model: ModelInfo | None
    consistency_slope: float | None = Field(
        default=None, description="Slope of the card's logistic of score (0–100) around the threshold."
    )
    queue_depth: int = Field(ge=0)
    cache_hits: int = Field(ge=0)
    cache_misses: int = Field(ge=0)


class AnalyticsStatus(ServiceStatus):
    """The analytics service about itself."""

    indexed: int = Field(ge=0)
    model_version: str | None


class EmbedRequest(Request):
    """Make sure that these assets have features, and send them."""

    asset_ids: list[AssetId] = Field(min_length=1)


class EmbedItem(Response):
    """Features of one asset, or why there are none."""

    asset_id: AssetId
    sha256: str | None = None
    vector: Vector | None = Field(default=None, description="float32, L2-normalised.")
    error: ErrorDetail | None = None


class EmbedResponse(Response):
    """Features in the order asked."""

    model: str
    model_version: str
    dimension: int
    items: list[EmbedItem]


OPERATIONS = (
    Operation(
        name="inference-status",
        service=Service.INFERENCE,
        request=StatusRequest,
        response=InferenceStatus,
        timeout_s=3,
    ),
    Operation(
        name="analytics-status",
        service=Service.ANALYTICS,
        request=StatusRequest,
        response=AnalyticsStatus,
        timeout_s=3,
    ),
    Operation(
        name="video-status",
        service=Service.VIDEO,
        request=StatusRequest,
        response=ServiceStatus,
        timeout_s=3,
    ),
    Operation(
        name="embed",
        service=Service.INFERENCE,
        request=EmbedRequest,
        response=EmbedResponse,
        timeout_s=60,
    ),
)
