"""Heat maps over pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dino_analytics.draw.base import TEXT_SIZE, Pixels, measure, picture_of, strip, write
from dino_analytics.draw.colours import FAINT, heat_colours

Colours = Callable[[NDArray[np.floating]], NDArray[np.uint8]]


def overlay(
    picture: Pixels,
    heat: NDArray[np.floating],
    *,
    strength: float = 0.65,
    colours: Colours = heat_colours,
    smooth: bool = True,
) -> Pixels:
    """Lay a heat map over a picture that is greyed, so that colour is the map's alone.

    Args:
        picture: uint8 (h, w, 3).
        heat: (rows, columns) 0–1 that covers the whole picture; scaled up to it.
        strength: of the map, 0–1; the picture shows through by the rest.
        colours: of values 0–1.
        smooth: between the cells; False shows the cells themselves.
    """
    height, width = picture.shape[:2]
    luma = picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    cells = Image.fromarray(np.nan_to_num(np.asarray(heat, dtype=np.float32)))
    values = np.clip(np.asarray(cells.resize((width, height), how), dtype=np.float32), 0.0, 1.0)
    mixed = (1.0 - strength) * luma[:, :, None] + strength * colours(values).astype(np.float32)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def colour_bar(width: int, low: str, high: str, label: str = "", *, colours: Colours = heat_colours) -> Pixels:
    """A key to a heat map: `low`, the colours, `high`, and what they mean; uint8 (34, width, 3)."""
    canvas = strip(width, 34)
    left = 10 + write(canvas, (10, 17), low, anchor="lm", colour=FAINT) + 8
    bar = max(40, min(220, width // 4))
    steps = colours(np.linspace(0.0, 1.0, bar, dtype=np.float32))
    canvas.paste(Image.fromarray(np.repeat(steps[None], 14, axis=0)), (int(left), 10))
    ImageDraw.Draw(canvas).rectangle((left, 10, left + bar - 1, 23), outline=FAINT)
    right = left + bar + 8
    right += write(canvas, (right, 17), high, anchor="lm", colour=FAINT) + 16
    if label and width - right > measure("…", TEXT_SIZE) * 3:
        write(canvas, (right, 17), label, anchor="lm", room=width - right - 8)
    return picture_of(canvas)
