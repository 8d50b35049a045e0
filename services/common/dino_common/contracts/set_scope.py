"""What the operations on sets of pictures share: which pictures, and how long answers are paged."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import AssetId, Request, Response, Seconds
from .codes import ErrorCode
from .operation import Operation, RateClass, Scope, Service
from .search import SearchFilters


class SetRequest(Request):
    """Which pictures: the named ones, those that meet the filters, or the whole library."""

    asset_ids: list[AssetId] | None = Field(
        default=None, min_length=1, description="Up to MAX_BATCH_SIZE ids; `filters.asset_ids` takes more."
    )
    filters: SearchFilters | None = Field(default=None, description="Conditions on the library's pictures.")
    limit: int = Field(default=100, ge=1, le=1000, description="Items on a page.")
    cursor: str | None = Field(
        default=None,
        max_length=256,
        description="`next_cursor` of an answer: its next page, without computing again. Kept for a day.",
    )


class SetResponse(Response):
    """What every answer about a set says."""

    total: int = Field(ge=0, description="Pictures looked at.")
    without_features: int = Field(
        default=0, ge=0, description="Pictures of the library left out because their features are not there yet."
    )
    deleted_meanwhile: int = Field(
        default=0, ge=0, description="Pictures left out because they were deleted after the request began."
    )
    next_cursor: str | None = None
    model: str
    model_version: str
    processing_time: Seconds


JOB_SECONDS = 4 * 3600
"""Longest that one attempt may take: a service computes on one large set at a time, and the wait for it counts."""
ERRORS = (
    ErrorCode.ASSET_NOT_FOUND,
    ErrorCode.INVALID_FILE_FORMAT,
    ErrorCode.MODEL_NOT_LOADED,
    ErrorCode.GPU_MEMORY_ERROR,
    ErrorCode.CONFLICT,
)


def set_operation(name: str, request: type[Request], response: type[Response], **more: Any) -> Operation:
    """Return the declaration of a job on a set of pictures."""
    return Operation(
        name=name,
        service=Service.ANALYTICS,
        method="POST",
        path=f"/{name}",
        request=request,
        response=response,
        tag="sets",
        rate=RateClass.BATCH,
        scope=Scope.READ,
        timeout_s=JOB_SECONDS,
        job=True,
        idempotency=True,
        errors=ERRORS,
        **more,
    )
