"""Many pictures in one request, as jobs."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, ErrorDetail, Percent, Request, Response, Seconds
from .codes import ErrorCode
from .features import ExtractFeaturesResponse
from .judgement import AnalyzeQualityResponse, Category, ValidateConsistencyResponse
from .operation import Operation, RateClass, Scope, Service

_IDS = Field(min_length=1, description="Up to MAX_BATCH_SIZE ids; repeated ids are answered once each.")


class BatchCounts(Response):
    """How a batch went."""

    total: int = Field(ge=0)
    succeeded: int = Field(ge=0)
    failed: int = Field(ge=0)
    processing_time: Seconds


class BatchExtractRequest(Request):
    """Pictures to extract features of."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2]}]})

    asset_ids: list[AssetId] = _IDS
    include_features: bool = Field(default=True, description="False answers only that they are stored.")


class BatchExtractItem(Response):
    """One picture's features, or why there are none."""

    asset_id: AssetId
    result: ExtractFeaturesResponse | None = None
    error: ErrorDetail | None = None


class BatchExtractResponse(BatchCounts):
    """Features in the order of the request."""

    results: list[BatchExtractItem]


class BatchQualityRequest(Request):
    """Pictures to judge."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2]}]})

    asset_ids: list[AssetId] = _IDS
    category: Category | None = None


class BatchQualityItem(Response):
    """One picture's quality, or why there is none."""

    asset_id: AssetId
    result: AnalyzeQualityResponse | None = None
    error: ErrorDetail | None = None


class BatchQualityResponse(BatchCounts):
    """Qualities in the order of the request."""

    results: list[BatchQualityItem]


class BatchConsistencyRequest(Request):
    """A reference and the pictures to hold against it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reference_asset_id": EXAMPLE_ID, "asset_ids": [EXAMPLE_ID_2]}]}
    )

    reference_asset_id: AssetId
    asset_ids: list[AssetId] = _IDS
    threshold: Percent | None = None
    category: Category | None = None

    @model_validator(mode="after")
    def _not_only_itself(self) -> Self:
        if set(self.asset_ids) == {self.reference_asset_id}:
            raise ValueError("asset_ids names only the reference")
        return self


class BatchConsistencyItem(Response):
    """One verdict, or why there is none."""

    asset_id: AssetId
    result: ValidateConsistencyResponse | None = None
    error: ErrorDetail | None = None


class BatchConsistencyResponse(BatchCounts):
    """Verdicts in the order of the request."""

    reference_asset_id: AssetId
    consistent: int = Field(ge=0, description="Pictures judged the same character.")
    results: list[BatchConsistencyItem]


def _batch(name: str, service: Service, request: type[Request], response: type[Response], summary: str) -> Operation:
    return Operation(
        name=name,
        service=service,
        method="POST",
        path=f"/{name}",
        request=request,
        response=response,
        tag="batches",
        summary=summary,
        description="Runs as a job: answers directly when it finishes within `?wait=` seconds (default 30), "
        "else 202 with the job to follow. An item that fails does not fail the others.",
        rate=RateClass.BATCH,
        scope=Scope.WRITE,
        timeout_s=3600,
        job=True,
        idempotency=True,
        # Of the job as a whole; an item's own error stands in its result.
        errors=(
            ErrorCode.ASSET_NOT_FOUND,
            ErrorCode.INVALID_FILE_FORMAT,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
            ErrorCode.CONFLICT,
        ),
    )


OPERATIONS = (
    _batch(
        "batch-extract-features",
        Service.INFERENCE,
        BatchExtractRequest,
        BatchExtractResponse,
        "Extract features of many pictures",
    ),
    _batch(
        "batch-analyze-quality",
        Service.ANALYTICS,
        BatchQualityRequest,
        BatchQualityResponse,
        "Quality of many pictures",
    ),
    _batch(
        "batch-validate-consistency",
        Service.ANALYTICS,
        BatchConsistencyRequest,
        BatchConsistencyResponse,
        "Hold many pictures against one reference",
    ),
)
