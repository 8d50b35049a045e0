"""The cinematic library: keeping shots, listing them, and suggesting them for a scene."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from .assets import EXAMPLE_ID
from .base import AssetId, Request, Response, Seconds, Tag, Timestamp, Unit
from .codes import ErrorCode
from .operation import Operation, Scope, Service
from .shots import EXAMPLE_SHOT

_LONGEST_SECONDS = 1_000_000
# What the library keeps of an analysis beside the labels.
KEPT_EXTRAS = (
    "palette",
    "lighting",
    "confidence",
    "movement_strength",
    "movement_direction",
    "start_timecode",
    "end_timecode",
)
# An analysed shot's take about 1 kB.
_LARGEST_EXTRAS = 8192
_DEEPEST_EXTRAS = 8
_LARGEST_INTEGER = 2**63 - 1
Label = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]


class ShotInput(Request):
    """A shot to keep: as ``analyze-video-shots`` answered it, or of the client's own making."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [EXAMPLE_SHOT]})

    shot_id: Annotated[int, Field(ge=0, le=10_000_000)] | Annotated[str, StringConstraints(max_length=200)] | None = (
        Field(default=None, description="Number in the film, or the client's own name.")
    )
    start_time: Seconds = Field(le=_LONGEST_SECONDS)
    end_time: Seconds = Field(le=_LONGEST_SECONDS)
    movement_type: Label = "unknown"
    camera_angle: Label = "unknown"
    shot_scale: Label | None = None
    angle: Label | None = None
    emotional_tone: Label = "unknown"
    technical_quality: Unit | None = None
    description: str | None = Field(default=None, max_length=2000, description="What is to be seen, in words.")
    technical_notes: str | None = Field(default=None, max_length=2000)
    tags: list[Tag] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end_time <= self.start_time:
            raise ValueError("end_time must lie after start_time")
        return self

    @model_validator(mode="after")
    def _keepable(self) -> Self:
        extra = self.model_extra or {}
        kept = {name: extra[name] for name in KEPT_EXTRAS if name in extra}
        if not _shallow(kept, _DEEPEST_EXTRAS):
            raise ValueError(f"palette, lighting and the like are plain values at most {_DEEPEST_EXTRAS} levels deep")
        if len(json.dumps(kept, ensure_ascii=False).encode()) > _LARGEST_EXTRAS:
            raise ValueError(f"palette, lighting and the like of one shot may take {_LARGEST_EXTRAS} bytes")
        return self


def _shallow(value: Any, levels: int) -> bool:
    """Return whether a value can be kept: JSON of few levels, with whole numbers of 64 bits and names without NUL."""
    if isinstance(value, dict):
        named = all(isinstance(name, str) and "\0" not in name for name in value)
        return levels > 0 and named and all(_shallow(item, levels - 1) for item in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_shallow(item, levels - 1) for item in value)
    if isinstance(value, int):
        return abs(value) <= _LARGEST_INTEGER
    return value is None or isinstance(value, str | float)


class StoreShotsRequest(Request):
    """Add shots of a film to the cinematic library."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "video_asset_id": EXAMPLE_ID,
                    "shots": [EXAMPLE_SHOT],
                    "scene_context": "Action sequence with car chase",
                    "manual_tags": ["action", "chase", "urban", "fast_paced"],
                }
            ]
        }
    )

    video_asset_id: AssetId
    shots: list[ShotInput] = Field(min_length=1, max_length=5000)
    scene_context: str | None = Field(default=None, max_length=2000, description="What the scene is about.")
    manual_tags: list[Tag] = Field(default_factory=list, max_length=50)


class StoreShotsResponse(Response):
    """What was kept. The same shot stored again takes the place of the one before."""

    video_asset_id: AssetId
    stored_shots: int = Field(ge=0)
    shot_ids: list[str] = Field(description="In the order of the request; these name them in the library.")
    replaced: int = Field(ge=0, description="Of them, shots that were there already.")
    library_size: int = Field(ge=0, description="Shots in the library now.")
    processing_time: Seconds


class LibraryShot(Response):
    """A shot of the library."""

    shot_id: str
    video_asset_id: AssetId
    number: int | None = Field(description="Number in the film, where it was told.")
    start_time: Seconds
    end_time: Seconds
    duration: Seconds
    movement_type: str
    camera_angle: str
    shot_scale: str
    angle: str
    emotional_tone: str
    technical_quality: Unit | None
    description: str | None
    technical_notes: str | None
    scene_context: str | None
    tags: list[str]
    keyframe_asset_id: AssetId | None
    stored_at: Timestamp


class ShotFilters(Request):
    """Conditions that a shot must meet; each one left out is not applied."""

    movement_type: Label | None = None
    shot_scale: Label | None = None
    angle: Label | None = None
    emotional_tone: Label | None = None
    tag: Tag | None = None
    min_duration: Seconds | None = None
    max_duration: Seconds | None = None
    min_quality: Unit | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=256)


class ListShotsRequest(ShotFilters):
    """Which shots of the library to list, newest first."""

    video_asset_id: AssetId | None = None


class VideoShotsRequest(ShotFilters):
    """The library's shots of one film."""

    asset_id: AssetId = Field(description="The film.")


class ShotPage(Response):
    """A page of shots."""

    items: list[LibraryShot]
    next_cursor: str | None


class SuggestShotsRequest(Request):
    """Shots of the library that suit a scene."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scene_description": "Dramatic confrontation between two characters",
                    "emotional_tone": "tense",
                    "genre_context": "thriller",
                    "desired_tags": ["close_up", "dramatic"],
                    "limit": 5,
                }
            ]
        }
    )

    scene_description: Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
    emotional_tone: Label | None = None
    genre_context: Annotated[str, StringConstraints(max_length=200)] | None = None
    desired_tags: list[Tag] = Field(default_factory=list, max_length=50)
    limit: int = Field(default=5, ge=1, le=100)
    video_asset_id: AssetId | None = Field(default=None, description="Only shots of this film.")


class Reason(Response):
    """One thing that speaks for a suggestion."""

    aspect: Literal["meaning", "emotional_tone", "genre", "tags"]
    score: Unit
    weight: Unit
    text: str


class SuggestedShot(Response):
    """A shot and why it suits."""

    shot_id: str
    video_asset_id: AssetId
    movement_type: str
    emotional_tone: str
    similarity_score: Unit
    tags: list[str]
    technical_notes: str
    camera_angle: str
    start_time: Seconds
    end_time: Seconds
    keyframe_asset_id: AssetId | None
    reasons: list[Reason] = Field(description="Strongest first; the weighted sum of the scores is similarity_score.")


class SuggestShotsResponse(Response):
    """Suggestions from best to least; none when the library is empty."""

    scene_description: str
    suggested_shots: list[SuggestedShot]
    total_suggestions: int = Field(ge=0)
    searched_shots: int = Field(ge=0, description="Shots of the library that were looked at.")
    text_model: str
    processing_time: Seconds


OPERATIONS = (
    Operation(
        name="store-shot-data",
        service=Service.VIDEO,
        method="POST",
        path="/store-shot-data",
        request=StoreShotsRequest,
        response=StoreShotsResponse,
        tag="video",
        summary="Keep shots in the cinematic library",
        scope=Scope.WRITE,
        timeout_s=120,
        idempotency=True,
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.INVALID_FILE_FORMAT, ErrorCode.MODEL_NOT_LOADED),
    ),
    Operation(
        name="list-shots",
        service=Service.VIDEO,
        method="GET",
        path="/shots",
        request=ListShotsRequest,
        response=ShotPage,
        tag="video",
        summary="Shots of the cinematic library",
    ),
    Operation(
        name="list-video-shots",
        service=Service.VIDEO,
        method="GET",
        path="/videos/{asset_id}/shots",
        request=VideoShotsRequest,
        response=ShotPage,
        tag="video",
        summary="The library's shots of one film",
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.INVALID_FILE_FORMAT),
    ),
    Operation(
        name="suggest-shots",
        service=Service.VIDEO,
        method="POST",
        path="/suggest-shots",
        request=SuggestShotsRequest,
        response=SuggestShotsResponse,
        tag="video",
        summary="Shots that suit a scene",
        description="Ranks by meaning, tone, genre and tags; each suggestion says why. Nothing is invented: an empty "
        "library gives an empty answer.",
        timeout_s=60,
        errors=(ErrorCode.MODEL_NOT_LOADED,),
    ),
)
