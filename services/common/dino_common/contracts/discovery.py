"""Objects of a picture, without labels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID
from .base import AssetId, Request, Response, Seconds, Unit
from .drawing import Drawing
from .look import LookBox, look_operation


class DiscoverObjectsRequest(Request):
    """Which picture, and how it is cut."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID, "max_objects": 3}]})

    asset_id: AssetId
    max_objects: int = Field(default=3, ge=1, le=10)
    tau: float = Field(
        default=0.2, ge=0, le=0.9, description="Cosine from which two patches belong together; higher parts more."
    )
    refine_edges: bool = Field(default=True, description="Draw edges along the picture's; false keeps the patches'.")
    masks: Literal["rle", "png", "none"] = Field(default="rle", description="How masks are written.")
    drawing: bool = Field(default=True, description="Draw the masks over the picture.")


class RunLengthMask(Response):
    """A mask by lengths of runs, column by column, the first of zeros: as COCO writes it, uncompressed."""

    size: Annotated[list[int], Field(min_length=2, max_length=2, description="Height and width in pixels.")]
    counts: list[int]


class DiscoveredObject(Response):
    """An object; what it is, is not known."""

    index: int = Field(ge=1)
    box: LookBox
    area: Unit = Field(description="Share of the picture.")
    confidence: Unit
    mask: RunLengthMask | None = None
    mask_png: str | None = Field(default=None, description="PNG in base64, one channel: 255 inside.")


class DiscoverObjectsResponse(Response):
    """Objects, the surest first."""

    asset_id: AssetId
    objects: list[DiscoveredObject]
    reason: str | None = Field(description="Why none was found.")
    width: int = Field(ge=1, description="Pixels of the masks.")
    height: int = Field(ge=1)
    drawing: Drawing | None = None
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    look_operation(
        "discover-objects",
        DiscoverObjectsRequest,
        DiscoverObjectsResponse,
        summary="Boxes and masks of what stands out, without labels",
        description="Normalised cuts over the patches, as MaskCut; edges refined along the picture's.",
        drawing="drawing",
    ),
)
