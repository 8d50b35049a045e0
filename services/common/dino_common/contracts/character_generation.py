"""Pictures of a character by the deployment's image generator, judged before they are handed out."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Percent, Request, Response, Seconds
from .characters import PICTURE_ERRORS, CharacterId, ShotType, character_operation
from .codes import ErrorCode
from .judgement import Category, ThresholdSource
from .operation import RateClass

MOST_ATTEMPTS = 10
JOB_SECONDS = 6 * 3600
"""Longest that one run of a job may take: as many pictures as may be asked for, each of DINO_GENERATOR_TIMEOUT_SECONDS
(at most 1800), and an hour to judge them."""
_Side = Annotated[int, Field(ge=64, le=4096)]


class GenerateImageRequest(Request):
    """What the picture shall show; the master reference travels along."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"prompt": "Marcus opens the sealed door, torchlight from the left", "max_attempts": 3}]
        }
    )

    character_id: CharacterId
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=10_000, strip_whitespace=True)]
    shot_type: ShotType | None = Field(default=None, description="Kept with the picture in the gallery.")
    width: _Side = Field(default=1024, description="Pixels asked for.")
    height: _Side = Field(default=1024, description="Pixels asked for.")
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="Of the first attempt, each later one has the next number; left out: one of the job."
    )
    max_attempts: int = Field(default=3, ge=1, le=MOST_ATTEMPTS, description="Including the first.")
    threshold: Percent | None = Field(default=None, description="Consistency needed; overrides every configured one.")
    category: Category | None = Field(default=None, description="Instead of the character's own category.")
    add_to_gallery: bool = Field(default=True, description="Put a valid picture into the character's gallery.")


class GeneratedValidation(Response):
    """Verdict on a generated picture."""

    consistencyScore: Percent
    qualityScore: Percent
    isValid: bool = Field(description="Whether both scores reach their thresholds.")
    threshold: Percent = Field(description="Consistency threshold in force.")
    threshold_source: ThresholdSource
    quality_threshold: Percent
    explanation: str


class GenerationAttempt(Response):
    """One picture that was generated; each is an asset, also one that was sent back."""

    attempt: int = Field(ge=1)
    seed: int = Field(ge=0)
    dinoAssetId: AssetId
    validation: GeneratedValidation
    reasons: list[str] = Field(description="Why it was sent back, as the generator was told; none for a valid one.")


class GenerateImageResponse(Response):
    """The first valid picture, or the most consistent of those that were not."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "imageId": EXAMPLE_ID_2,
                    "dinoAssetId": EXAMPLE_ID_2,
                    "imageUrl": f"/api/v1/assets/{EXAMPLE_ID_2}/content",
                    "validation": {
                        "consistencyScore": 91.2,
                        "qualityScore": 83.0,
                        "isValid": True,
                        "threshold": 41.0,
                        "threshold_source": "model_card",
                        "quality_threshold": 70.0,
                        "explanation": "High similarity suggests the same character.",
                    },
                    "error": None,
                    "attempts": [],
                    "added_to_gallery": True,
                    "character_id": EXAMPLE_ID,
                    "characterName": "Marcus",
                    "masterReferenceAssetId": EXAMPLE_ID,
                    "model": "dinov2-vits14-focus",
                    "model_version": "dinov2-vits14-focus@1a2b3c4d5e6f",
                    "processing_time": 6.1,
                }
            ]
        }
    )

    success: bool = Field(description="Whether a valid picture was made within the attempts.")
    imageId: str = Field(description="The picture's name in the gallery: its asset's id.")
    dinoAssetId: AssetId
    imageUrl: str = Field(description="Path of the file below the gateway's address.")
    validation: GeneratedValidation
    error: str | None = Field(description="Why there is no valid picture.")
    attempts: list[GenerationAttempt]
    added_to_gallery: bool
    character_id: CharacterId
    characterName: str
    masterReferenceAssetId: AssetId
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    character_operation(
        "generate-character-image",
        "POST",
        "/characters/{character_id}/generate-image",
        GenerateImageRequest,
        GenerateImageResponse,
        "Generate a picture of a character and validate it",
        description="Asks the image generator that the deployment configures (DINO_GENERATOR_URL, see "
        "docs/generator.md), stores the picture, judges it against the master reference, and asks again with the "
        "reasons until one is valid or the attempts are used up. Runs as a job: answers directly when it finishes "
        "within `?wait=` seconds (default 30), else 202 with the job to follow. 409 while there is no master reference "
        "or no generator is configured.",
        rate=RateClass.BATCH,
        timeout_s=JOB_SECONDS,
        job=True,
        idempotency=True,
        errors=(
            *PICTURE_ERRORS,
            ErrorCode.CONFLICT,
            ErrorCode.FILE_TOO_LARGE,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
        ),
    ),
)
