"""The error body of the REST surface, from a typed error."""

from __future__ import annotations

from datetime import UTC, datetime

from dino_common.contracts.base import ErrorDetail
from dino_common.errors import DinoError


def detail(error: DinoError, request_id: str) -> ErrorDetail:
    """Return what a client sees of the error."""
    return ErrorDetail(
        code=error.code.value,
        message=error.message,
        details=error.details,
        timestamp=datetime.now(UTC),
        request_id=request_id,
    )
