"""Shots: finding them in a film, keeping them in the cinematic library, and suggesting them for a scene."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from .assets import EXAMPLE_ID
from .base import AssetId, Request, Response, Seconds, Timestamp, Unit, Vector
from .codes import ErrorCode
from .film_job import film_job
from .operation import Body, Operation, Service

Movement = Literal[
    "static",
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
    "zoom_in",
    "zoom_out",
    "dolly",
    "truck",
    "roll",
    "handheld",
    "mixed",
    "unknown",
]
Direction = Literal["left", "right", "up", "down", "in", "out", "clockwise", "counterclockwise"]
Scale = Literal[
    "extreme_wide_shot",
    "wide_shot",
    "medium_wide_shot",
    "medium_shot",
    "medium_close_up",
    "close_up",
    "extreme_close_up",
    "unknown",
]
Angle = Literal["eye_level", "low_angle", "high_angle", "overhead", "dutch_angle", "unknown"]
Transition = Literal["start", "cut", "fade", "dissolve", "wipe", "gradual"]
Detector = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9\-]{0,31}$")]

EXAMPLE_SHOT = {
    "shot_id": 1,
    "start_time": 0.0,
    "end_time": 8.5,
    "duration": 8.5,
    "movement_type": "static",
    "camera_angle": "medium_shot",
    "emotional_tone": "neutral",
    "technical_quality": 0.89,
}


class AnalyzeShotsRequest(Request):
    """Find and describe the shots of a film."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"video_asset_id": EXAMPLE_ID, "shot_detection_threshold": 0.3, "extract_keyframes": True},
            ]
        }
    )

    video_asset_id: AssetId
    shot_detection_threshold: float = Field(
        default=0.3, gt=0, lt=1, description="How sure a boundary must be, 0–1: a higher one finds fewer shots."
    )
    extract_keyframes: bool = Field(default=True, description="Store keyframes as assets and extract their features.")
    detector: Detector | None = Field(default=None, description="Named shot detector. Not given: the default one.")


class PaletteColor(Response):
    """A colour and its share of the picture."""

    name: str
    hex: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    share: Unit


class Lighting(Response):
    """How a shot is lit."""

    key: str = Field(description="low_key, normal, high_key or unknown.")
    contrast: str = Field(description="soft, normal or hard.")
    temperature: str = Field(description="warm, neutral, cool or unknown.")
    kelvin: float | None = Field(description="Correlated colour temperature; null where it cannot be told.")
    direction: str = Field(description="Side that the light comes from, or unknown.")
    confidence: Unit = Field(description="Of the key.")


class Keyframe(Response):
    """A picture that stands for its shot."""

    time: Seconds = Field(description="Seconds from the start of the film.")
    timecode: str = Field(description="SMPTE.")
    frame: int = Field(ge=0)
    asset_id: AssetId | None = Field(default=None, description="The stored picture; null when none was asked for.")
    sharpness: Unit = Field(description="Against the sharpest frame of the shot.")
    centrality: Unit = Field(description="How typical it is of its part of the shot.")


class ShotLabels(Response):
    """How sure each label of a shot is, 0–1."""

    movement_type: Unit
    shot_scale: Unit
    angle: Unit
    emotional_tone: Unit


class Shot(Response):
    """A shot and what is to be seen in it. A label is ``unknown`` where it cannot be told."""

    shot_id: int = Field(ge=1, description="Number in the film, from 1.")
    start_time: Seconds
    end_time: Seconds
    duration: Seconds
    start_timecode: str = Field(description="SMPTE, drop-frame where the frame rate has one.")
    end_timecode: str
    start_frame: int = Field(ge=0)
    end_frame: int = Field(ge=0, description="First frame that is no longer of the shot.")
    transition_in: Transition = Field(description="How it begins.")
    transition_score: Unit | None = Field(description="How sure the boundary is, on the threshold's scale; null at 0.")
    movement_type: Movement
    movement_direction: Direction | None
    movement_strength: Unit = Field(description="0 is still; 0.63 crosses a frame's width in seven seconds.")
    camera_angle: str = Field(
        description="In the vocabulary of the first clients: the scale, such as medium_shot; the angle where that is "
        "unknown."
    )
    shot_scale: Scale
    shot_scale_source: Literal["faces", "bodies", "focus", "texture"] | None = Field(
        default=None, description="What told the scale; null where it is unknown."
    )
    faces: int | None = Field(
        default=None, ge=0, description="Most faces in one of its keyframes; null where no people detector is there."
    )
    angle: Angle
    emotional_tone: str
    confidence: ShotLabels
    technical_quality: Unit
    palette: list[PaletteColor]
    lighting: Lighting
    keyframes: list[Keyframe]
    keyframe_features: Vector | None = Field(
        default=None, description="Features of the first keyframe; null when no keyframes were asked for."
    )
    flags: list[str] = Field(description="black, credits.")


class Damage(Response):
    """What of the film could not be read; what decodes was analysed."""

    lost_packets: int = Field(ge=0)
    patched_frames: int = Field(ge=0, description="Frames that were shown with missing parts patched.")
    disordered_frames: int = Field(ge=0, description="Frames left out because their time was not after the one before.")
    broken_off: bool = Field(description="Whether the file ends in the middle of its data.")
    missing_seconds: Seconds = Field(description="What the header promises beyond the last frame that could be read.")


class FilmFacts(Response):
    """What an analysis tells of the whole film."""

    video_asset_id: AssetId
    analysis_id: str = Field(description="Names the analysis.")
    total_shots: int = Field(ge=0)
    video_duration: Seconds
    width: int = Field(ge=1, description="Pixels, as shown (after rotation).")
    height: int = Field(ge=1)
    frame_rate: float = Field(gt=0, description="Frames a second, the average where it varies.")
    variable_frame_rate: bool
    analysed_frames: int = Field(ge=0)
    damage: Damage | None = Field(description="Null for a whole film.")
    detector: str
    threshold: Unit
    model: str | None = Field(description="Model of the keyframes' features; null without keyframes.")
    model_version: str | None


class AnalyzeShotsResponse(FilmFacts):
    """The shots of a film, in order: all of them, or of a long film the first ones and where the others are."""

    shot_analyses: list[Shot]
    more: str | None = Field(
        description="Where the shots are that this answer has no room for (thousands fit); null when it holds all."
    )
    processing_time: Seconds


class FilmAnalysisRequest(Request):
    """Which shots of the newest analysis of a film to show, in order."""

    asset_id: AssetId = Field(description="The film.")
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Annotated[str, StringConstraints(pattern=r"^([0-9a-f-]{36}:)?[0-9]{1,7}$")] | None = Field(
        default=None,
        description="As in the answer before, whose analysis it goes on with; a number alone is of the newest one.",
    )


class FilmAnalysis(FilmFacts):
    """A page of the newest analysis of a film."""

    analyzed_at: Timestamp
    items: list[Shot]
    next_cursor: str | None


class ContactSheetRequest(Request):
    """A grid of the film's shots, one keyframe each, with timecodes."""

    asset_id: AssetId = Field(description="The film.")
    columns: int = Field(default=4, ge=1, le=12)
    width: int = Field(default=320, ge=80, le=640, description="Of one picture, pixels.")
    first: int = Field(default=1, ge=1, description="Number of the first shot on the sheet.")
    count: int = Field(
        default=60,
        ge=1,
        le=200,
        description="Most shots on the sheet. Where so many pictures do not fit into 7 MB, it ends after the last row "
        "that does; its title and the header X-Next-Shot say which shot comes next.",
    )


OPERATIONS = (
    film_job("analyze-video-shots", AnalyzeShotsRequest, AnalyzeShotsResponse, "Find and describe the shots of a film"),
    Operation(
        name="get-video-analysis",
        service=Service.VIDEO,
        method="GET",
        path="/videos/{asset_id}/analysis",
        request=FilmAnalysisRequest,
        response=FilmAnalysis,
        tag="video",
        summary="The newest analysis of a film, page by page",
        description="What analyze-video-shots has found, for films of any number of shots; answers 404 NOT_FOUND "
        "before that.",
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.NOT_FOUND, ErrorCode.INVALID_FILE_FORMAT),
    ),
    Operation(
        name="video-contact-sheet",
        service=Service.VIDEO,
        method="GET",
        path="/videos/{asset_id}/contact-sheet",
        request=ContactSheetRequest,
        response=None,
        tag="video",
        summary="A picture of all shots of a film, with timecodes",
        description="Drawn from the keyframes of the newest analysis that stored some; answers 404 NOT_FOUND before "
        "that.",
        timeout_s=60,
        gives=Body.BINARY,
        media_type="image/png",
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.NOT_FOUND, ErrorCode.INVALID_FILE_FORMAT),
    ),
)
