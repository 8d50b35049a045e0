"""The platform about itself: health, readiness, statistics, models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Request, Response, Seconds, Timestamp
from .operation import Body, Operation, RateClass, Scope, Service


class NoRequest(Request):
    """Nothing to say."""


class Gpu(Response):
    """The accelerator of the inference service; memory in MiB."""

    available: bool
    device_name: str | None = None
    memory_total: int | None = None
    memory_used: int | None = None
    memory_free: int | None = None


class ModelHealth(Response):
    """The model that serves."""

    loaded: bool
    name: str | None
    device: str | None
    version: str | None = None
    dimension: int | None = None
    engine: str | None = None
    precision: str | None = None


class Connection(Response):
    """A store, as this gateway reaches it."""

    connected: bool
    type: str
    detail: str | None = Field(default=None, description="What is wrong, and how to mend it.")


class ServiceHealth(Response):
    """A service that answered, or did not."""

    ready: bool
    detail: str | None = None


class HealthResponse(Response):
    """Health of the whole platform."""

    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: Timestamp
    version: str
    gpu: Gpu
    model: ModelHealth
    database: Connection
    cache: Connection
    object_storage: Connection
    bus: Connection
    services: dict[str, ServiceHealth]


class LiveResponse(Response):
    """The process answers."""

    status: Literal["alive"]


class ReadyResponse(Response):
    """Whether requests can be served; 503 with the reasons when not."""

    ready: bool
    reasons: list[str] = Field(description="Empty when ready.")


class OperationStats(Response):
    """Requests of one operation since the gateway's start."""

    operation: str
    requests: int
    errors: int
    average_seconds: Seconds
    p50_seconds: Seconds
    p99_seconds: Seconds


class LibraryStats(Response):
    """What is stored."""

    assets: int
    images: int
    videos: int
    bytes: int
    features: int
    jobs: dict[str, int]


class StatsResponse(Response):
    """Volumes and response times."""

    timestamp: Timestamp
    uptime_seconds: Seconds
    requests_total: int
    errors_total: int
    average_response_seconds: Seconds
    operations: list[OperationStats]
    library: LibraryStats
    features_cache_hits: int
    features_cache_misses: int


class CalibrationReport(Response):
    """How well a model tells same from different on labelled pairs."""

    roc_auc: float = Field(ge=0, le=1)
    pairs: int = Field(ge=0)
    threshold: float
    accuracy: float = Field(ge=0, le=1)
    data: str = Field(description="What was measured, and by which command.")


class ModelInfo(Response):
    """A model version and its card."""

    name: str
    version: str
    serving: bool
    dimension: int
    patch_size: int
    input_size: int
    device: str | None
    engine: str | None
    precision: str | None
    licence: str | None
    source: str
    similarity_threshold: float | None
    consistency_threshold: float | None
    calibration: CalibrationReport | None


class ModelsResponse(Response):
    """Models of this deployment."""

    items: list[ModelInfo]


def _get(name: str, path: str, response: type[Response] | None, summary: str, **more: object) -> Operation:
    return Operation(
        name=name,
        service=Service.GATEWAY,
        method="GET",
        path=path,
        request=NoRequest,
        response=response,
        tag="system",
        summary=summary,
        **more,  # type: ignore[arg-type]
    )


_PROBE = {"scope": Scope.PUBLIC, "rate": RateClass.NONE, "timeout_s": 10.0}

OPERATIONS = (
    _get("health", "/health", HealthResponse, "Health of every part", **_PROBE),
    _get("live", "/live", LiveResponse, "Liveness probe", **_PROBE),
    _get("ready", "/ready", ReadyResponse, "Readiness probe; 503 when not ready", **_PROBE),
    _get(
        "metrics",
        "/metrics",
        None,
        "Prometheus metrics of every service",
        gives=Body.TEXT,
        media_type="text/plain",
        **_PROBE,
    ),
    _get("stats", "/stats", StatsResponse, "Volumes and response times"),
    _get("models", "/models", ModelsResponse, "The serving model and its card"),
)
