"""Operations of the bus alone: what the services ask of each other."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from .base import AssetId, Cosine, ErrorDetail, Request, Response, Vector
from .operation import Operation, Service
from .rollout import (
    CompareVersionsRequest,
    CompareVersionsResponse,
    IndexStatus,
    LibraryProgress,
    SelfTestRequest,
    SelfTestResponse,
    WorkCounters,
)
from .system import Gpu, ModelInfo


class StatusRequest(Request):
    """Nothing to say."""


class ServiceStatus(Response):
    """A service about itself; fields of a later version are ignored, as in the middle of an upgrade."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

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
    key: str | None = Field(default=None, description="The operator's name of the model version (DINO_MODEL_KEY).")
    golden_cosine: Cosine | None = Field(default=None, description="Of the last look at the golden picture.")
    images_per_second: float | None = Field(default=None, ge=0, description="Of the last self-test.")
    library: LibraryProgress | None = Field(
        default=None, description="While and after this version embeds the library; null for one that does not."
    )
    direct: WorkCounters = Field(default_factory=WorkCounters, description="For callers, and for uploads.")
    mirrored: WorkCounters = Field(
        default_factory=WorkCounters, description="The serving version's work, done as a candidate, unasked."
    )


class AnalyticsStatus(ServiceStatus):
    """The analytics service about itself."""

    indexed: int = Field(ge=0, description="In the index that answers.")
    model_version: str | None = Field(description="Of the index that answers.")
    indexes: list[IndexStatus] = Field(default_factory=list, description="Every open index, the serving one first.")


class GatewayStatus(ServiceStatus):
    """The gateway about itself: ready while it can answer; a store that it can do without is a reason, too."""


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


class RawCosineRequest(Request):
    """Two assets whose features are compared as the model gives them."""

    asset_ids: list[AssetId] = Field(min_length=2, max_length=2)


class RawCosineResponse(Response):
    """Cosine of two class tokens, before the card's centring and whitening."""

    cosine: Cosine | None = Field(description="Null for features that were stored without their length.")
    model_version: str


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
        name="gateway-status",
        service=Service.GATEWAY,
        request=StatusRequest,
        response=GatewayStatus,
        timeout_s=4,
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
    Operation(
        name="raw-cosine",
        service=Service.INFERENCE,
        request=RawCosineRequest,
        response=RawCosineResponse,
        timeout_s=60,
    ),
    Operation(
        name="self-test",
        service=Service.INFERENCE,
        request=SelfTestRequest,
        response=SelfTestResponse,
        timeout_s=60,
    ),
    Operation(
        name="compare-versions",
        service=Service.ANALYTICS,
        request=CompareVersionsRequest,
        response=CompareVersionsResponse,
        timeout_s=180,
    ),
)
