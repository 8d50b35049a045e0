"""``spec.video``: decoding films."""

from __future__ import annotations

from pydantic import Field

from dino_operator.spec.base import Part, Quantity, part
from dino_operator.spec.workload import Workload


class Scratch(Part):
    """Space for films in work; it goes with the pod."""

    size: Quantity = Field("10Gi", description="Size limit of the scratch volume.")


class VideoLimits(Part):
    """Longest films that are taken on."""

    max_seconds: int = Field(14_400, ge=1, le=1_000_000, description="Length of a film, seconds.")
    max_frames: int = Field(1_000_000, ge=1, le=1_000_000_000, description="Frames of a film.")
    max_decode_seconds: int = Field(
        10_800, ge=1, le=1_000_000, description="Longest that decoding one minute of a film may take, seconds."
    )


class Video(Workload):
    """The film service."""

    rules = Workload.rules
    storage: Scratch = part(Scratch, "Space for films in work.")
    limits: VideoLimits = part(VideoLimits, "Longest films that are taken on.")
