"""Pictures drawn by the platform, in answers."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import Field

from .base import Response

LONGEST_SIDE = 1024
"""Pixels of a drawn picture's longer side at most, so that it fits a message."""


class Drawing(Response):
    """A drawn picture. Where it is the point of an answer, ``Accept: image/png`` brings it alone."""

    content_type: Literal["image/png"] = "image/png"
    width: Annotated[int, Field(ge=1, le=LONGEST_SIDE, description="Pixels.")]
    height: Annotated[int, Field(ge=1, le=LONGEST_SIDE, description="Pixels.")]
    data: str = Field(description="PNG in base64.")

    @classmethod
    def of(cls, png: bytes, width: int, height: int) -> Drawing:
        """Return the drawing of encoded bytes."""
        return cls(width=width, height=height, data=base64.b64encode(png).decode())
