"""What the searches share: what a hit tells of its asset, and how a search by features may fail."""

from __future__ import annotations

from typing import Any

from .base import AssetId, Response, Timestamp
from .codes import ErrorCode


class Hit(Response):
    """An asset that a search has found."""

    asset_id: AssetId
    filename: str
    content_type: str
    tags: list[str]
    metadata: dict[str, Any]
    upload_timestamp: Timestamp


BY_FEATURES = (
    ErrorCode.ASSET_NOT_FOUND,
    ErrorCode.CONFLICT,
    ErrorCode.INVALID_FILE_FORMAT,
    ErrorCode.MODEL_NOT_LOADED,
    ErrorCode.GPU_MEMORY_ERROR,
)
"""Errors of searches that start from the features of a picture."""
