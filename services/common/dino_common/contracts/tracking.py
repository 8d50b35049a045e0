"""Objects followed through a film from a box or a mask."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from .assets import EXAMPLE_ID
from .base import AssetId, Request, Response, Seconds, Unit
from .film_job import film_job

TrackState = Literal["tracked", "lost", "found"]
Pixels = Annotated[list[float], Field(min_length=4, max_length=4)]
MOST_OBJECTS = 8
_MASK_LENGTH = 1_000_000


class ObjectStart(Request):
    """Where an object is in the first frame: a box or a mask."""

    label: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = Field(
        default=None, description="Your name for it; comes back with its course."
    )
    box: Pixels | None = Field(
        default=None, description="Left, top, width and height in pixels of the film as it is shown (after rotation)."
    )
    mask: Annotated[str, StringConstraints(min_length=8, max_length=_MASK_LENGTH)] | None = Field(
        default=None,
        description="PNG in base64 of the size of the film as it is shown: opaque and brighter than half where the "
        "object is.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.box is None) == (self.mask is None):
            raise ValueError("give a box or a mask of each object, one of the two")
        return self


class TrackObjectsRequest(Request):
    """Follow objects from a frame of a film."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "video_asset_id": EXAMPLE_ID,
                    "start_time": 2.0,
                    "objects": [{"label": "dog", "box": [120, 80, 200, 160]}],
                    "frames_per_second": 5,
                }
            ]
        }
    )

    video_asset_id: AssetId
    objects: list[ObjectStart] = Field(min_length=1, max_length=MOST_OBJECTS)
    start_time: Seconds | None = Field(
        default=None, le=1e6, description="Of the frame that boxes and masks are of; 0 when not given."
    )
    start_frame: int | None = Field(default=None, ge=0, le=10**9, description="The same as a number, in its place.")
    end_time: Seconds | None = Field(default=None, le=1e6, description="First moment that is not followed any more.")
    max_seconds: float = Field(default=60.0, gt=0, le=3600, description="Longest stretch that is followed.")
    frames_per_second: float = Field(
        default=5.0, ge=0.1, le=60, description="Frames that are looked at; all of them where the film has fewer."
    )
    include_masks: bool = False
    mask_format: Literal["png", "rle"] = "png"


class Mask(Response):
    """Where the object is, as fine as the model's patches."""

    size: list[int] = Field(description="Height and width: the film's, at most 1,024 on the longer side.")
    png: str | None = Field(default=None, description="PNG of one bit in base64.")
    counts: list[int] | None = Field(
        default=None, description="Lengths of runs, column after column, beginning with the background (COCO)."
    )


class TrackedItem(Response):
    """An object in one frame."""

    frame: int = Field(ge=0, description="Number in the film.")
    time: Seconds
    timecode: str = Field(description="SMPTE.")
    state: TrackState = Field(description="found is the first frame after a loss.")
    box: Pixels | None = Field(description="Left, top, width, height in pixels of the film; null while it is lost.")
    area: Unit = Field(description="Share of the frame.")
    confidence: Unit = Field(
        description="Share of its patches that look more like it than like the background, times how alike they are "
        "compared with the usual."
    )
    mask: Mask | None = None


class LostInterval(Response):
    """A time in which the object was not to be seen, or not to be told from the background."""

    start_time: Seconds
    end_time: Seconds | None = Field(description="When it was found again; null where it was not.")
    start_frame: int = Field(ge=0)
    end_frame: int | None = Field(description="The frame in which it was found again.")


class TrackSummary(Response):
    """The course of an object in a few numbers."""

    frames: int = Field(ge=0)
    seen_frames: int = Field(ge=0, description="In which it was tracked or found.")
    lost: list[LostInterval]
    found_times: list[float] = Field(description="Seconds at which it was found again.")
    mean_confidence: Unit = Field(description="Over the frames in which it was seen.")


class TrackedObject(Response):
    """One object's course."""

    number: int = Field(ge=1, description="As in the request, from 1.")
    label: str | None
    items: list[TrackedItem]
    summary: TrackSummary


class TrackObjectsResponse(Response):
    """The courses of the objects."""

    video_asset_id: AssetId
    width: int = Field(ge=1, description="Pixels of the film as it is shown: boxes are in these.")
    height: int = Field(ge=1)
    start_time: Seconds
    end_time: Seconds = Field(description="Time of the last frame that was looked at.")
    frames: int = Field(ge=1, description="That were looked at.")
    frames_per_second: float = Field(gt=0)
    truncated_at: float | None = Field(
        description="Seconds of the first frame that was left out because the answer is as large as one can be; null "
        "where nothing was."
    )
    patched_frames: int = Field(ge=0, description="Of those looked at, how many the film's damage left incomplete.")
    grid: list[int] = Field(description="Rows and columns of patches: boxes are no finer than these.")
    objects: list[TrackedObject]
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (film_job("track-objects", TrackObjectsRequest, TrackObjectsResponse, "Follow objects through a film"),)
