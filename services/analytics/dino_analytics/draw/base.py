"""Pixels, letters and PNG."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dino_analytics.draw.colours import GROUND, INK, RGB
from dino_common.contracts.drawing import Drawing

Pixels = NDArray[np.uint8]

LONG_SIDE = 1024
"""Pixels of the longer side of a drawing, at most."""
TEXT_SIZE = 15


def fitted(picture: Pixels, long_side: int = LONG_SIDE, *, enlarge: bool = False) -> Pixels:
    """Scale uint8 (h, w, 3) so that its longer side has at most `long_side` pixels; exactly so many with `enlarge`."""
    height, width = picture.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1.0 and not enlarge:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.LANCZOS if scale < 1.0 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(picture).resize(size, how), dtype=np.uint8)


def write(
    canvas: Image.Image,
    at: tuple[float, float],
    words: str,
    *,
    size: int = TEXT_SIZE,
    colour: RGB = INK,
    anchor: str = "la",
    halo: RGB | None = None,
    room: float | None = None,
) -> float:
    """Write one line and return its width in pixels.

    Args:
        canvas: an RGB picture, drawn on in place.
        at: x and y in pixels of the anchor (Pillow's text anchors: `la` is the top left, `mm` the middle).
        words: what does not fit into `room` pixels is cut and ends in an ellipsis.
        halo: a rim in this colour, for letters on a photograph.
    """
    font = _font(size)
    words = " ".join(words.split())
    if room is not None and font.getlength(words) > room:
        while words and font.getlength(words + "…") > room:
            words = words[:-1]
        words += "…"
    rim = max(2, size // 6) if halo is not None else 0
    ImageDraw.Draw(canvas).text(at, words, fill=colour, font=font, anchor=anchor, stroke_width=rim, stroke_fill=halo)
    return float(font.getlength(words))


def measure(words: str, size: int = TEXT_SIZE) -> float:
    """Width of a line in pixels."""
    return float(_font(size).getlength(words))


def strip(width: int, height: int, ground: RGB = GROUND) -> Image.Image:
    """Empty paper."""
    return Image.new("RGB", (width, height), ground)


def picture_of(canvas: Image.Image) -> Pixels:
    """Pixels of a canvas: uint8 (h, w, 3)."""
    return np.array(canvas.convert("RGB"), dtype=np.uint8)


def png(picture: Pixels | Image.Image) -> bytes:
    """PNG of uint8 (h, w, 3) or (h, w), without loss."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    out = io.BytesIO()
    image.save(out, format="PNG", compress_level=6)
    return out.getvalue()


def to_drawing(picture: Pixels | Image.Image) -> Drawing:
    """The field of an answer that carries a drawing; larger ones are scaled to `LONG_SIDE`."""
    pixels = fitted(picture_of(picture) if isinstance(picture, Image.Image) else picture)
    return Drawing.of(png(pixels), width=pixels.shape[1], height=pixels.shape[0])


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
