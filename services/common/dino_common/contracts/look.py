"""The look of a picture: its description and its composition."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID
from .base import AssetId, Request, Response, Seconds, Unit
from .codes import ErrorCode
from .drawing import Drawing
from .operation import Operation, Service

LOOK_ERRORS = (
    ErrorCode.ASSET_NOT_FOUND,
    ErrorCode.INVALID_FILE_FORMAT,
    ErrorCode.MODEL_NOT_LOADED,
    ErrorCode.GPU_MEMORY_ERROR,
    ErrorCode.CONFLICT,
)
HexColor = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class LookLabel(Response):
    """A word, how sure it is, and why it is unknown where it is."""

    value: str = Field(description="`unknown` where it cannot be told.")
    confidence: Unit
    reason: str | None = Field(default=None, description="Why it is unknown.")


class LookColor(Response):
    """A colour of the palette and its share of the picture."""

    name: str
    hex: HexColor
    share: Unit


class LookLight(Response):
    """How a picture is lit."""

    key: LookLabel = Field(description="low_key, normal or high_key.")
    contrast: LookLabel = Field(description="soft, normal or hard.")
    temperature: LookLabel = Field(description="warm, neutral or cool.")
    kelvin: float | None = Field(description="Correlated colour temperature; null where it cannot be told.")
    direction: LookLabel = Field(description="Brighter side: left, right, top, bottom, front or back.")
    brightness: Unit = Field(description="Mean luma.")
    backlit: Unit = Field(description="How clearly the subject is dark before a bright background.")


class LookColors(Response):
    """How the colours go together."""

    saturation: Literal["monochrome", "muted", "moderate", "vivid"]
    chroma: float = Field(ge=0, description="Mean CIELAB chroma.")
    harmony: LookLabel = Field(description="single_hue, analogous, complementary, triadic or mixed.")


class LookBox(Response):
    """A box in shares of the picture's sides."""

    left: Unit
    top: Unit
    right: Unit
    bottom: Unit


class LookSubject(Response):
    """What stands out of a picture; what it is, is not known."""

    box: LookBox
    x: Unit = Field(description="Centre of its area.")
    y: Unit
    area: Unit = Field(description="Share of the picture.")
    position: str = Field(description="Where the centre lies: centre, left, top_right and so on.")
    confidence: Unit


class LookTone(Response):
    """The mood that colours and light suggest; what happens in the picture is not seen."""

    value: str
    confidence: Unit
    valence: float = Field(ge=-1, le=1)
    arousal: float = Field(ge=-1, le=1)


class DescribeVisualsRequest(Request):
    """Which picture to describe."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID}]})

    asset_id: AssetId
    palette_size: int = Field(default=6, ge=1, le=8, description="Colours of the palette, at most.")
    drawing: bool = Field(default=False, description="Draw the palette, the subject and the facts.")


class VisualFields(Response):
    """The fields of a description."""

    palette: list[LookColor] = Field(description="Most frequent first.")
    colors: LookColors
    lighting: LookLight
    depth_of_field: LookLabel = Field(description="shallow, moderate or deep.")
    composition: LookLabel = Field(
        description="rule_of_thirds, centred, symmetrical, leading_lines, frame_filling or pattern."
    )
    shot_scale: LookLabel = Field(description="extreme_wide to extreme_close_up.")
    shot_scale_source: Literal["faces", "bodies", "focus", "texture", "subject"] | None
    camera_angle: LookLabel = Field(description="eye_level, low_angle, high_angle, overhead or dutch.")
    pose: LookLabel = Field(
        description="Of the largest person: standing, sitting or lying where legs tell it, else facing_camera, "
        "facing_left, facing_right or facing_away."
    )
    mood: LookTone
    subject: LookSubject | None = Field(description="Null where nothing stands out.")
    faces: int | None = Field(description="Null where no people detector is there.")


class DescribeVisualsResponse(VisualFields):
    """What a picture looks like."""

    asset_id: AssetId
    text: str = Field(description="One paragraph for an image generator, of what is sure enough to be said.")
    drawing: Drawing | None = None
    cached: bool
    model: str
    model_version: str
    processing_time: Seconds


class AnalyzeCompositionRequest(Request):
    """Which picture to judge."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID}]})

    asset_id: AssetId
    drawing: bool = Field(default=True, description="Draw thirds, subject, lines and balance over the picture.")


class LookScore(Response):
    """A score 0–1; null where it is not known, and why."""

    value: Unit | None
    confidence: Unit
    reason: str | None = None


class LookPoint(Response):
    """A place in shares of the picture's sides."""

    x: float
    y: float


class AnalyzeCompositionResponse(Response):
    """How a picture is composed; conventions, not taste."""

    asset_id: AssetId
    scheme: LookLabel = Field(
        description="rule_of_thirds, centred, symmetrical, leading_lines, frame_filling or pattern."
    )
    rule_of_thirds: LookScore
    symmetry: LookScore
    symmetry_axis: Literal["vertical", "horizontal"] = Field(description="Of the better mirroring.")
    leading_lines: LookScore
    convergence: LookPoint | None = Field(description="Where leading lines meet.")
    balance: LookScore
    balance_point: LookPoint = Field(description="Centre of visual weight.")
    headroom: LookScore
    head_space: Unit | None = Field(description="Space above the face or subject in frame heights.")
    simplicity: LookScore = Field(description="How plain the background is.")
    subject: LookSubject | None
    summary: str
    drawing: Drawing | None = None
    model: str
    model_version: str
    processing_time: Seconds


def look_operation(name: str, request: type[Request], response: type[Response], **more: Any) -> Operation:
    """Declare an operation of this group: a POST that analytics answers."""
    return Operation(
        name=name,
        service=Service.ANALYTICS,
        method="POST",
        path=f"/{name}",
        request=request,
        response=response,
        tag="look",
        timeout_s=more.pop("timeout_s", 60),
        errors=more.pop("errors", LOOK_ERRORS),
        **more,
    )


OPERATIONS = (
    look_operation(
        "describe-visuals",
        DescribeVisualsRequest,
        DescribeVisualsResponse,
        summary="What does a picture look like?",
        description="Palette, light, colour, depth of field, composition, framing and subject, each with its "
        "confidence, and one paragraph for an image generator. Kept for each content and model version, for search.",
        drawing="drawing",
    ),
    look_operation(
        "analyze-composition",
        AnalyzeCompositionRequest,
        AnalyzeCompositionResponse,
        summary="How is a picture composed?",
        description="Thirds, symmetry, leading lines, balance, headroom and simplicity, each 0–1, and a drawing.",
        drawing="drawing",
    ),
)
