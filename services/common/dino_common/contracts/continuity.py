"""Continuity between shots: what appeared, vanished or changed colour between two pictures of one scene."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Request, Response, Seconds, Unit
from .codes import ErrorCode
from .drawing import Drawing
from .operation import Operation, RateClass, Scope, Service

Aspect = Literal["character", "props", "wardrobe", "background"]
ASPECTS: tuple[Aspect, ...] = ("character", "props", "wardrobe", "background")
ChangeKind = Literal["appeared", "vanished", "changed", "recoloured", "moved"]
Verdict = Literal["consistent", "changed", "not_comparable"]
PixelBox = Annotated[list[float], Field(min_length=4, max_length=4)]

MOST_PICTURES = 64
MOST_SHOTS = 128
MOST_REGIONS = 64
Shots = Annotated[list[Annotated[int, Field(ge=1, le=1_000_000)]], Field(min_length=2, max_length=MOST_SHOTS)]


class RegionHint(Request):
    """What a part of a picture is: the model tells things apart, not what they are called."""

    asset_id: AssetId = Field(description="The picture: one of asset_ids, or a keyframe of the film.")
    box: PixelBox = Field(description="Left, top, width and height in pixels of the picture.")
    aspect: Aspect

    @model_validator(mode="after")
    def _box(self) -> Self:
        left, top, width, height = self.box
        if min(left, top) < 0 or min(width, height) <= 0 or max(self.box) > 100_000:
            raise ValueError("box is left, top, width and height in pixels: none negative, no side 0")
        return self


class CheckContinuityRequest(Request):
    """Compare shots of a film that was analysed, or pictures, each with the next."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2], "aspects": ["props", "background"]}]}
    )

    video_asset_id: AssetId | None = Field(
        default=None, description="A film whose keyframes analyze-video-shots has stored."
    )
    shots: Shots | None = Field(
        default=None,
        description="Numbers of shots, each compared with the next. Not given: every shot is compared with the last of "
        "the six before it that shows the same scene.",
    )
    asset_ids: Annotated[list[AssetId], Field(min_length=2, max_length=MOST_PICTURES)] | None = Field(
        default=None, description="Pictures in place of a film, each compared with the next."
    )
    aspects: list[Aspect] = Field(default_factory=lambda: list(ASPECTS), min_length=1, max_length=len(ASPECTS))
    regions: list[RegionHint] = Field(
        default_factory=list, max_length=MOST_REGIONS, description="What parts of the pictures are, where you know it."
    )
    sensitivity: Unit = Field(
        default=0.5, description="Changes are told of which the confidence is at least 1 − sensitivity."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.video_asset_id is None) == (self.asset_ids is None):
            raise ValueError("give video_asset_id or asset_ids, one of the two")
        if self.shots is not None and self.video_asset_id is None:
            raise ValueError("shots are of a film: give video_asset_id")
        for name in ("shots", "aspects"):
            values = getattr(self, name)
            if values is not None and len(set(values)) != len(values):
                raise ValueError(f"{name} names the same twice")
        if self.asset_ids is not None and any(a == b for a, b in zip(self.asset_ids, self.asset_ids[1:], strict=False)):
            raise ValueError("asset_ids: a picture is not compared with itself")
        return self


class ComparedPicture(Response):
    """One picture of a pair."""

    asset_id: AssetId
    shot: int | None = Field(description="Number in the film; null for pictures given by id.")
    time: Seconds | None = Field(description="Seconds from the start of the film.")
    width: int = Field(ge=1, description="Pixels: boxes are in these.")
    height: int = Field(ge=1)


class Change(Response):
    """Something that differs and is not explained by the camera or the light."""

    kind: ChangeKind
    aspect: Literal["character", "props", "wardrobe", "background", "unknown"]
    aspect_confidence: Unit
    confidence: Unit = Field(description="That something changed here, as calibrated on scenes with known changes.")
    box_1: PixelBox = Field(
        description="Left, top, width, height in pixels of the first picture; for what appeared, the place where it "
        "is not yet."
    )
    box_2: PixelBox = Field(description="The same in the second picture; for what vanished, where it was.")
    crop_1: str | None = Field(
        description="PNG in base64 of the first box; null beyond the first twelve of a pair, or 120 in all."
    )
    crop_2: str | None
    likeness: float = Field(ge=-1, le=1, description="Mean cosine of the features in both boxes' regions.")
    colour_difference: float = Field(ge=0, description="CIE76 ΔE between both regions, the light's change taken out.")
    why: str


class AspectVerdict(Response):
    """What became of one aspect."""

    aspect: Aspect
    verdict: Verdict
    score: Unit | None = Field(description="1 less the confidence of its strongest change; null if not comparable.")
    confidence: Unit
    why: str


class PairContinuity(Response):
    """Two pictures compared."""

    first: ComparedPicture
    second: ComparedPicture
    verdict: Verdict = Field(description="changed when any aspect asked for changed, or a change is of none.")
    agreement: Unit = Field(description="Share of the matched places that a few planes explain: is it one scene?")
    comparable_share: Unit = Field(description="Of the first picture, how much is in sight of the second, too.")
    light_change: float = Field(ge=0, description="CIE76 ΔE that another light alone makes of the colours.")
    aspects: list[AspectVerdict]
    changes: list[Change] = Field(description="Surest first.")


class CheckContinuityResponse(Response):
    """Every pair that was compared."""

    video_asset_id: AssetId | None
    pairs: list[PairContinuity]
    changed_pairs: int = Field(ge=0)
    alone: list[int] = Field(description="Shots of a film that resemble none of the six before them.")
    left_out: int = Field(ge=0, description="Pairs beyond the most that one request compares.")
    drawing: Drawing | None = Field(description="Up to three pairs, those with the surest changes, with the boxes.")
    sensitivity: Unit
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    Operation(
        name="check-continuity",
        service=Service.ANALYTICS,
        method="POST",
        path="/check-continuity",
        request=CheckContinuityRequest,
        response=CheckContinuityResponse,
        tag="video",
        summary="What appeared, vanished or changed between shots of a scene?",
        description="Aligns the pictures by their patches, takes out camera and light, and tells what has no "
        "counterpart. Runs as a job: answers directly when it finishes within `?wait=` seconds (default 30), else 202 "
        "with the job to follow.",
        rate=RateClass.BATCH,
        scope=Scope.READ,
        timeout_s=3600,
        job=True,
        drawing="drawing",
        errors=(
            ErrorCode.ASSET_NOT_FOUND,
            ErrorCode.NOT_FOUND,
            ErrorCode.INVALID_FILE_FORMAT,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
        ),
    ),
)
