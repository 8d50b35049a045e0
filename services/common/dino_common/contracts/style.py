"""How well a picture fits a brief or the look of references."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Percent, Request, Response, Seconds, Unit
from .drawing import Drawing
from .look import look_operation

WantedColor = Annotated[str, StringConstraints(min_length=2, max_length=32, strip_whitespace=True)]


class StyleBrief(Request):
    """What is wanted, in words; what is not given is not judged."""

    palette: list[WantedColor] = Field(
        default_factory=list, max_length=8, description="Names such as teal or dark brown, or #rrggbb."
    )
    key: Literal["low_key", "normal", "high_key"] | None = None
    contrast: Literal["soft", "normal", "hard"] | None = None
    temperature: Literal["warm", "neutral", "cool"] | None = None
    light_direction: Literal["left", "right", "top", "bottom", "front", "back"] | None = None
    saturation: Literal["monochrome", "muted", "moderate", "vivid"] | None = None
    harmony: Literal["single_hue", "analogous", "complementary", "triadic", "mixed"] | None = None
    depth_of_field: Literal["shallow", "moderate", "deep"] | None = None
    composition: (
        Literal["rule_of_thirds", "centred", "symmetrical", "leading_lines", "frame_filling", "pattern"] | None
    ) = None
    shot_scale: (
        Literal["extreme_wide", "wide", "medium_wide", "medium", "medium_close_up", "close_up", "extreme_close_up"]
        | None
    ) = None
    camera_angle: Literal["eye_level", "low_angle", "high_angle", "overhead", "dutch"] | None = None
    mood: (
        Literal[
            "neutral",
            "joyful",
            "energetic",
            "tense",
            "ominous",
            "melancholic",
            "sombre",
            "calm",
            "serene",
            "dramatic",
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.palette and all(
            getattr(self, name) is None for name in type(self).model_fields if name != "palette"
        ):
            raise ValueError("a brief asks for something")
        return self


class MatchStyleRequest(Request):
    """A picture, and a brief or references or both."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asset_id": EXAMPLE_ID,
                    "brief": {"palette": ["orange", "teal"], "key": "low_key", "temperature": "warm"},
                },
                {"asset_id": EXAMPLE_ID, "reference_asset_ids": [EXAMPLE_ID_2]},
            ],
            "anyOf": [
                {"required": ["brief"], "properties": {"brief": {"type": "object"}}},
                {"required": ["reference_asset_ids"], "properties": {"reference_asset_ids": {"minItems": 1}}},
            ],
        }
    )

    asset_id: AssetId
    brief: StyleBrief | None = None
    reference_asset_ids: list[AssetId] = Field(default_factory=list, max_length=20)
    threshold: Percent = Field(default=60.0, description="Score from which the picture matches.")
    drawing: bool = Field(default=False, description="Draw the palettes side by side.")

    @model_validator(mode="after")
    def _goal(self) -> Self:
        if self.brief is None and not self.reference_asset_ids:
            raise ValueError("give a brief or reference_asset_ids")
        return self


class BriefPart(Response):
    """A point of the brief."""

    name: str
    wanted: str
    found: str = Field(description="`unknown` where the picture does not tell.")
    score: Percent | None = Field(description="Null where the picture does not tell; it is left out of the mean.")
    confidence: Unit


class BriefMatch(Response):
    """How well the brief is met."""

    score: Percent | None
    coverage: Unit = Field(description="Share of the brief that could be judged.")
    parts: list[BriefPart]


class ReferenceMatch(Response):
    """How alike the look of one reference is, 0–100 each."""

    asset_id: AssetId
    palette: Percent
    light: Percent
    texture: Percent
    features: Percent
    score: Percent


class ReferenceMatches(Response):
    """Means over the references, and each of them."""

    score: Percent
    palette: Percent
    light: Percent
    texture: Percent
    features: Percent
    each: list[ReferenceMatch]


class MatchStyleResponse(Response):
    """Whether the picture fits."""

    asset_id: AssetId
    score: Percent | None = Field(
        description="Mean of the brief's and the references'; null if nothing could be judged."
    )
    matches: bool | None = Field(description="Whether the score reaches the threshold.")
    threshold: Percent
    brief: BriefMatch | None
    references: ReferenceMatches | None
    explanation: str
    drawing: Drawing | None = None
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    look_operation(
        "match-style",
        MatchStyleRequest,
        MatchStyleResponse,
        summary="Does a picture fit a brief or a look?",
        description="Palette, light, texture and feature style against words or references, 0–100 with its parts.",
        drawing="drawing",
    ),
)
