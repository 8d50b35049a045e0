"""How well a film holds together, by the measures of VBench."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Request, Response, Seconds, Unit, Vector
from .film_job import film_job

MeasureName = Literal["subject_consistency", "background_consistency", "temporal_flickering", "motion_smoothness"]
_Numbers = Annotated[Any, WithJsonSchema({"type": "array", "items": {"type": "integer"}})]


class ScoreVideoRequest(Request):
    """Measure how well a film holds together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"video_asset_id": EXAMPLE_ID, "frames_per_second": 4, "per_shot": True},
                {"video_asset_id": EXAMPLE_ID, "reference_asset_id": EXAMPLE_ID_2, "end_time": 5},
            ]
        }
    )

    video_asset_id: AssetId
    reference_asset_id: AssetId | None = Field(
        default=None, description="The picture that the film was made from: adds i2v_subject."
    )
    measures: list[MeasureName] | None = Field(
        default=None, min_length=1, max_length=4, description="Not given: all four."
    )
    start_time: Seconds = Field(default=0.0, le=1e6)
    end_time: Seconds | None = Field(default=None, le=1e6, description="First moment that is not scored any more.")
    frames_per_second: float = Field(
        default=4.0,
        ge=0.1,
        le=60,
        description="Frames that the model looks at, for the two consistencies and i2v_subject. Flickering and "
        "smoothness are measured on every frame.",
    )
    per_shot: bool = Field(default=False, description="Also the scores of each shot.")
    across_cuts: bool = Field(
        default=False, description="Compare frames of different shots, too, as the reference implementation does."
    )
    shot_detection_threshold: float = Field(default=0.3, gt=0, lt=1, description="As in analyze-video-shots.")


class ScoreTimeline(Response):
    """The values whose mean is the score: three lists of one length."""

    frames: _Numbers = Field(description="Numbers in the film.")
    times: Vector = Field(description="Seconds.")
    values: Vector = Field(description="0–1.")


class ScoreMoment(Response):
    """A frame that keeps a score down."""

    frame: int = Field(ge=0)
    time: Seconds
    timecode: str = Field(description="SMPTE.")
    value: Unit


class MeasureScore(Response):
    """One measure of the film."""

    score: Unit = Field(description="Mean of the values; higher is better.")
    frames: int = Field(ge=1, description="How many values.")
    lowest: list[ScoreMoment] = Field(description="Up to five frames with the lowest values, lowest first.")
    timeline: ScoreTimeline


class ReferenceScore(MeasureScore):
    """i2v_subject: 0.4 × nearest + 0.3 × mean_adjacent + 0.3 × lowest_adjacent; the timeline is each frame's cosine
    to the reference."""

    nearest: Unit = Field(description="Highest cosine of a frame to the reference.")
    mean_adjacent: Unit = Field(description="Mean cosine of neighbouring frames.")
    lowest_adjacent: Unit = Field(description="Lowest cosine of neighbouring frames.")


class ShotScores(Response):
    """The scores of one shot; null where it is too short for a measure, or the measure was not asked for."""

    number: int = Field(ge=1, description="In the stretch, from 1.")
    start_time: Seconds
    end_time: Seconds
    start_timecode: str
    start_frame: int = Field(ge=0)
    end_frame: int = Field(ge=0, description="First frame that is no longer of the shot.")
    looked_at: int = Field(ge=0, description="Its frames that the model looked at.")
    subject_consistency: Unit | None
    background_consistency: Unit | None
    temporal_flickering: Unit | None
    motion_smoothness: Unit | None
    i2v_subject: Unit | None


class Deviation(Response):
    """Where this differs from the reference implementation of VBench."""

    measure: str = Field(description="Of which measure, or all.")
    aspect: Literal["model", "features", "interpolation", "resolution", "sampling", "cuts", "selection"]
    reference: str = Field(description="What the reference implementation does.")
    here: str
    effect: str = Field(description="What that does to the score.")


class ScoreVideoResponse(Response):
    """The scores of a film. A measure is null where it was not asked for, or no shot is long enough for it."""

    video_asset_id: AssetId
    reference_asset_id: AssetId | None
    start_time: Seconds
    end_time: Seconds = Field(description="Time of the last frame that was scored.")
    frames: int = Field(ge=2, description="That were decoded and compared.")
    looked_at: int = Field(ge=0, description="Of them, that the model looked at.")
    frames_per_second: float = Field(gt=0, description="At which the model looked.")
    truncated_at: float | None = Field(
        description="Seconds of the first frame that was left out because one answer holds no more; null where "
        "nothing was."
    )
    patched_frames: int = Field(ge=0, description="Frames that the film's damage left incomplete.")
    subject_consistency: MeasureScore | None
    background_consistency: MeasureScore | None
    temporal_flickering: MeasureScore | None
    motion_smoothness: MeasureScore | None
    i2v_subject: ReferenceScore | None
    cuts: int | None = Field(description="Shot boundaries in the stretch; null where none were looked for.")
    shots: list[ShotScores] | None = Field(description="Null unless per_shot was asked for.")
    deviations: list[Deviation]
    model: str | None = Field(description="Null where no measure needs it.")
    model_version: str | None
    processing_time: Seconds


OPERATIONS = (
    film_job(
        "score-video",
        ScoreVideoRequest,
        ScoreVideoResponse,
        "Measure how well a film holds together (VBench)",
        "Subject and background consistency, temporal flickering and motion smoothness, each with its course over the "
        "film.",
    ),
)
