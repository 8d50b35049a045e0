"""Feature extraction."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID
from .base import AssetId, Request, Response, Seconds, Timestamp, Vector
from .codes import ErrorCode
from .operation import Operation, Service


class ExtractFeaturesRequest(Request):
    """Which asset, and whether its patch tokens are wanted too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID}]})

    asset_id: AssetId = Field(description="Id of an uploaded picture.")
    patches: Literal["none", "inline", "object"] = Field(
        default="none",
        description="Patch tokens: left out, base64 in the answer, or as a NumPy file in the object store.",
    )
    force: bool = Field(default=False, description="Compute anew even when features are stored.")


class PatchFeatures(Response):
    """Patch tokens in reading order, without class and register tokens; not normalised."""

    rows: int = Field(ge=1, description="Patches from top to bottom.")
    columns: int = Field(ge=1, description="Patches from left to right.")
    dimension: int = Field(ge=1)
    dtype: Literal["float16"] = "float16"
    data: str | None = Field(default=None, description="Base64 of rows × columns × dimension little-endian values.")
    url: str | None = Field(default=None, description="Presigned URL of a .npy file of the same shape.")


class ExtractFeaturesResponse(Response):
    """The features of a picture."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asset_id": EXAMPLE_ID,
                    "features": [0.0123, -0.0456, 0.0789],
                    "features_extracted": True,
                    "features_timestamp": "2026-01-05T10:00:01.000Z",
                    "processing_status": "completed",
                    "processing_time": 0.21,
                    "cached": False,
                    "model": "dinov2-vits14-focus",
                    "model_version": "dinov2-vits14-focus@1a2b3c4d5e6f",
                    "dimension": 384,
                    "patch_features": None,
                }
            ]
        }
    )

    asset_id: AssetId
    features: Vector = Field(description="L2-normalised embedding, `dimension` numbers.")
    features_extracted: bool
    features_timestamp: Timestamp
    processing_status: str = "completed"
    processing_time: Seconds
    cached: bool = Field(description="Whether the features were there before this request.")
    model: str
    model_version: str
    dimension: int = Field(ge=1)
    patch_features: PatchFeatures | None = None


OPERATIONS = (
    Operation(
        name="extract-features",
        service=Service.INFERENCE,
        method="POST",
        path="/extract-features",
        request=ExtractFeaturesRequest,
        response=ExtractFeaturesResponse,
        tag="features",
        summary="Extract the features of a picture",
        description="One embedding per picture and model version; computed once, then read from the cache.",
        timeout_s=60,
        errors=(
            ErrorCode.ASSET_NOT_FOUND,
            ErrorCode.INVALID_FILE_FORMAT,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
        ),
    ),
)
