"""A character's visual fingerprint: what its pictures have in common."""

from __future__ import annotations

from pydantic import Field

from .base import AssetId, Percent, Response, Seconds, Unit, Vector
from .characters import PICTURE_ERRORS, CharacterId, CharacterRequest, character_operation
from .codes import ErrorCode
from .look import LookColor, LookColors, LookLabel, LookLight


class Spread(Response):
    """How far the pictures of the fingerprint lie from it: consistency scores with it, 0–100."""

    pictures: int = Field(ge=1, description="The master reference and the gallery's pictures that pass for it.")
    left_out: int = Field(ge=0, description="Pictures of the gallery that do not pass the threshold in force.")
    mean: Percent
    lowest: Percent
    lowest_asset_id: AssetId = Field(description="The least typical picture of them.")


class CharacterProfile(Response):
    """The visual fingerprint. Palette and light are those of the master reference."""

    character_id: CharacterId
    characterName: str
    masterReferenceAssetId: AssetId
    features: Vector = Field(
        description="Mean direction of the pictures' features, L2-normalised, `dimension` numbers."
    )
    dimension: int
    spread: Spread
    palette: list[LookColor]
    colors: LookColors
    lighting: LookLight
    default_pose: LookLabel = Field(
        description="Pose of most of the pictures that were looked at, as `describe-visuals` tells it."
    )
    default_angle: LookLabel = Field(description="Camera angle of most of the pictures that were looked at.")
    default_shot_scale: LookLabel = Field(description="Shot scale of most of them.")
    described_pictures: int = Field(ge=1, description="Pictures that were looked at: the first nine at most.")
    shot_types: dict[str, int] = Field(description="How many pictures of the gallery have each shot type.")
    master_text: str = Field(description="The master reference in one paragraph, fit for an image generator.")
    summary: str = Field(description="The profile in words.")
    threshold: Percent = Field(description="Consistency threshold in force for the character.")
    threshold_source: str
    consistency: Unit = Field(description="Share of the gallery that passes it; 1 for an empty gallery.")
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    character_operation(
        "get-character-profile",
        "GET",
        "/characters/{character_id}/profile",
        CharacterRequest,
        CharacterProfile,
        "A character's visual fingerprint",
        description="Features, palette, light, usual angle and shot scale, and a summary. 409 while there is no master "
        "reference.",
        timeout_s=120,
        errors=(
            *PICTURE_ERRORS,
            ErrorCode.CONFLICT,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
        ),
    ),
)
