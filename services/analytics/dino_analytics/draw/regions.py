"""Boxes and masks over pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dino_analytics.draw.base import TEXT_SIZE, Pixels, measure, write
from dino_analytics.draw.colours import RGB, contrasting


def box(
    canvas: Image.Image, edges: tuple[float, float, float, float], colour: RGB, label: str = "", *, thick: int = 3
) -> None:
    """Draw a frame of left, top, right, bottom in pixels, and its label on a plate inside its upper left corner."""
    pen = ImageDraw.Draw(canvas)
    left, top, right, bottom = edges
    pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=colour, width=thick)
    if label:
        wide = measure(label) + 10
        x, y = max(0.0, min(left, canvas.width - wide)), max(0.0, min(top, canvas.height - TEXT_SIZE - 8))
        pen.rectangle((x, y, x + wide, y + TEXT_SIZE + 7), fill=colour)
        write(canvas, (x + 5, y + (TEXT_SIZE + 7) / 2), label, anchor="lm", colour=contrasting(colour))


def tint(picture: Pixels, mask: NDArray[np.bool_], colour: RGB, *, strength: float = 0.45, rim: int = 2) -> Pixels:
    """Colour what a mask covers, and its rim fully.

    Args:
        picture: uint8 (h, w, 3).
        mask: bool (h, w).
        colour: of the region.
        strength: of the colour inside, 0–1.
        rim: thickness of the outline in pixels.
    """
    if mask.shape != picture.shape[:2]:
        raise ValueError(f"a mask of {mask.shape} does not cover a picture of {picture.shape[:2]}")
    out = picture.astype(np.float32)
    ink = np.asarray(colour, dtype=np.float32)
    out[mask] = (1.0 - strength) * out[mask] + strength * ink
    inner = mask.copy()
    for _ in range(rim):
        padded = np.pad(inner, 1, constant_values=True)
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    out[mask & ~inner] = ink
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)
