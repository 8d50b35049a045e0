"""Discovered objects drawn over their picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from dino_analytics.core.look.objects import Found
from dino_analytics.draw.base import Pixels, fitted, picture_of
from dino_analytics.draw.colours import RGB, SERIES
from dino_analytics.draw.legend import legend
from dino_analytics.draw.panels import stacked, titled
from dino_analytics.draw.regions import box, tint

_SIDE = 860


def objects_drawing(picture: Pixels, objects: Sequence[Found]) -> Pixels:
    """Colour every mask, frame it and number it; the surest is 1."""
    shown = fitted(picture, _SIDE, enlarge=True)
    height, width = shown.shape[:2]
    entries: list[tuple[RGB, str]] = []
    for index, found in reversed(list(enumerate(objects))):
        size = Image.fromarray(found.mask.astype(np.uint8) * 255).resize((width, height), Image.Resampling.BILINEAR)
        shown = tint(shown, np.asarray(size) >= 128, SERIES[index % len(SERIES)], strength=0.4, rim=3)
    canvas = Image.fromarray(shown)
    for index, found in enumerate(objects):
        colour = SERIES[index % len(SERIES)]
        edges = found.left * width, found.top * height, found.right * width, found.bottom * height
        box(canvas, edges, colour, str(index + 1), thick=2)
        entries.append((colour, f"{index + 1}: {100 * found.area:.0f} % of the picture, {found.confidence:.2f} sure"))
    title = f"{len(objects)} object{'s' if len(objects) != 1 else ''} found" if objects else "Nothing stands out"
    parts = [picture_of(canvas)] + ([legend(width, entries)] if entries else [])
    return titled(stacked(parts), title)
