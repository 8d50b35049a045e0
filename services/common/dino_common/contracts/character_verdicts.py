"""Judging a character's pictures: the gallery in one call, and the history of verdicts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Cosine, ErrorDetail, Percent, Request, Response, Seconds, Timestamp, Unit
from .characters import CharacterId, character_operation
from .codes import ErrorCode
from .judgement import Category, ThresholdSource

Occasion = Literal["gallery", "generated"]

_RESULT: Any = {
    "imageId": "cms-41",
    "dinoAssetId": EXAMPLE_ID_2,
    "shotType": "profile",
    "consistencyScore": 87.5,
    "isValid": True,
    "cosine_similarity": 0.875,
    "confidence": 0.93,
    "explanation": "High similarity suggests the same character.",
    "error": None,
}


class ValidateGalleryRequest(Request):
    """Hold every picture of the gallery against the master reference."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    character_id: CharacterId
    threshold: Percent | None = Field(default=None, description="0–100; overrides every configured threshold.")
    category: Category | None = Field(default=None, description="Instead of the character's own category.")
    image_ids: Annotated[list[str], Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="Only these pictures, by image_id or asset id."
    )


class GalleryVerdict(Response):
    """One picture's verdict; where it could not be judged, ``error`` says why and the score is null."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RESULT]})

    imageId: str
    dinoAssetId: AssetId
    shotType: str | None
    consistencyScore: Percent | None = Field(description="100 × cosine with the master reference, one decimal.")
    isValid: bool = Field(description="Whether the score reaches the threshold in force.")
    cosine_similarity: Cosine | None
    confidence: Unit | None
    explanation: str | None
    error: ErrorDetail | None


class ValidateGalleryResponse(Response):
    """Verdicts in the order of the gallery."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "characterName": "Marcus",
                    "masterReferenceAssetId": EXAMPLE_ID,
                    "validationResults": [_RESULT],
                    "character_id": EXAMPLE_ID,
                    "total": 1,
                    "valid": 1,
                    "invalid": 0,
                    "failed": 0,
                    "threshold": 41.0,
                    "threshold_source": "model_card",
                    "model": "dinov2-vits14-focus",
                    "model_version": "dinov2-vits14-focus@1a2b3c4d5e6f",
                    "processing_time": 0.02,
                }
            ]
        }
    )

    success: bool = Field(description="Whether every picture could be judged, whatever the verdicts.")
    characterName: str
    masterReferenceAssetId: AssetId
    validationResults: list[GalleryVerdict]
    character_id: CharacterId
    total: int = Field(ge=0)
    valid: int = Field(ge=0)
    invalid: int = Field(ge=0)
    failed: int = Field(ge=0, description="Pictures that could not be judged.")
    threshold: Percent
    threshold_source: ThresholdSource
    model: str
    model_version: str
    processing_time: Seconds


class ListVerdictsRequest(Request):
    """Which verdicts to list, newest first."""

    character_id: CharacterId
    asset_id: AssetId | None = Field(default=None, description="Only those on this picture.")
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=256)


class PastVerdict(Response):
    """A verdict as it was given."""

    verdict_id: str
    occasion: Occasion = Field(description="A validation of the gallery, or a picture that was generated.")
    imageId: str
    dinoAssetId: AssetId
    masterReferenceAssetId: AssetId
    consistencyScore: Percent
    qualityScore: Percent | None = Field(description="Where quality was judged too.")
    isValid: bool
    threshold: Percent
    threshold_source: ThresholdSource
    model_version: str
    judged_at: Timestamp


class VerdictPage(Response):
    """A page of verdicts."""

    items: list[PastVerdict]
    next_cursor: str | None


OPERATIONS = (
    character_operation(
        "validate-character",
        "POST",
        "/characters/{character_id}/validate-consistency",
        ValidateGalleryRequest,
        ValidateGalleryResponse,
        "Validate a character's gallery",
        description="Holds every picture against the master reference in one call. 409 while there is no master "
        "reference. A picture that cannot be judged does not fail the others.",
        timeout_s=300,
        errors=(
            ErrorCode.CONFLICT,
            ErrorCode.ASSET_NOT_FOUND,
            ErrorCode.INVALID_FILE_FORMAT,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
        ),
    ),
    character_operation(
        "list-character-verdicts",
        "GET",
        "/characters/{character_id}/verdicts",
        ListVerdictsRequest,
        VerdictPage,
        "History of verdicts on a character's pictures",
    ),
)
