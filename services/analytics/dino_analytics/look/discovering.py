"""Handler of discover-objects."""

from __future__ import annotations

import base64
import time

import numpy as np

from dino_analytics.core.look.cut import EVEN, variety
from dino_analytics.core.look.objects import Found, discover
from dino_analytics.dense import Looked
from dino_analytics.draw.base import png, to_drawing
from dino_analytics.draw.objects import objects_drawing
from dino_analytics.look.eyes import Eyes
from dino_common.bus.context import Context
from dino_common.contracts.discovery import (
    DiscoveredObject,
    DiscoverObjectsRequest,
    DiscoverObjectsResponse,
    RunLengthMask,
)
from dino_common.contracts.drawing import Drawing
from dino_common.contracts.look import LookBox


class DiscoveryHandlers:
    """Finds what stands out."""

    def __init__(self, eyes: Eyes) -> None:
        """Use these."""
        self._eyes = eyes

    async def discover(self, context: Context, request: DiscoverObjectsRequest) -> DiscoverObjectsResponse:
        """Answer ``POST /discover-objects``."""
        began = time.perf_counter()
        model, (looked,) = await self._eyes.look([request.asset_id], context)
        objects, drawing = await self._eyes.work(_discovered, looked, request)
        reason = None
        if not objects:
            reason = "one_even_ground" if variety(looked.patches) < EVEN else "nothing_parts_from_the_background"
        height, width = looked.picture.shape[:2]
        return DiscoverObjectsResponse(
            asset_id=request.asset_id,
            objects=objects,
            reason=reason,
            width=width,
            height=height,
            drawing=drawing,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )


def run_lengths(mask: np.ndarray) -> list[int]:
    """Lengths of runs of bool (height, width), column by column, the first of False (0 where it begins with True)."""
    flat = np.concatenate([[False], mask.ravel(order="F"), [not mask[-1, -1]]])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    # Where the first pixel is inside, the run of zeros before it is empty.
    return [int(length) for length in np.diff(np.concatenate([[0], ends]))]


def _discovered(looked: Looked, request: DiscoverObjectsRequest) -> tuple[list[DiscoveredObject], Drawing | None]:
    found = discover(
        looked.picture, looked.patches, most=request.max_objects, tau=request.tau, refine=request.refine_edges
    )
    objects = [_object(index, one, request.masks) for index, one in enumerate(found, start=1)]
    return objects, to_drawing(objects_drawing(looked.picture, found)) if request.drawing else None


def _object(index: int, found: Found, masks: str) -> DiscoveredObject:
    runs = RunLengthMask(size=list(found.mask.shape), counts=run_lengths(found.mask)) if masks == "rle" else None
    plane = base64.b64encode(png(found.mask.astype(np.uint8) * 255)).decode() if masks == "png" else None
    return DiscoveredObject(
        index=index,
        box=LookBox(left=found.left, top=found.top, right=found.right, bottom=found.bottom),
        area=round(found.area, 4),
        confidence=found.confidence,
        mask=runs,
        mask_png=plane,
    )
