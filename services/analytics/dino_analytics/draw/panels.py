"""Pictures put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from dino_analytics.draw.base import LONG_SIDE, Pixels, picture_of, strip, write
from dino_analytics.draw.colours import FAINT, GROUND

GAP = 8
CAPTION = 26


def side_by_side(
    pictures: Sequence[Pixels], captions: Sequence[str] = (), *, width: int = LONG_SIDE, height: int = 640
) -> Pixels:
    """Pictures of one height in a row with captions above: uint8 (at most `height` + caption, at most `width`, 3).

    Raises:
        ValueError: no picture, or captions of another number.
    """
    return beside(pictures, captions, width=width, height=height)[0]


def beside(
    pictures: Sequence[Pixels], captions: Sequence[str] = (), *, width: int = LONG_SIDE, height: int = 640
) -> tuple[Pixels, list[tuple[int, int, float, float]]]:
    """As `side_by_side`, and where each picture lies in it: left, top and the scales across and down in pixels
    a pixel, so that lines can be drawn between them."""
    if not pictures or (captions and len(captions) != len(pictures)):
        raise ValueError("pictures and captions must be as many, one or more")
    ratios = [picture.shape[1] / picture.shape[0] for picture in pictures]
    room = width - GAP * (len(pictures) - 1)
    tall = max(16, min(height, int(room / sum(ratios))))
    above = CAPTION if captions else 0
    sized = [
        _sized(picture, max(1, round(ratio * tall)), tall) for picture, ratio in zip(pictures, ratios, strict=True)
    ]
    total = sum(picture.shape[1] for picture in sized) + GAP * (len(sized) - 1)
    sheet = strip(total, tall + above)
    pixels = picture_of(sheet)
    places: list[tuple[int, int, float, float]] = []
    left = 0
    for picture, source in zip(sized, pictures, strict=True):
        pixels[above:, left : left + picture.shape[1]] = picture
        places.append((left, above, picture.shape[1] / source.shape[1], tall / source.shape[0]))
        left += picture.shape[1] + GAP
    if captions:
        canvas = Image.fromarray(pixels)
        for words, picture, (start, *_) in zip(captions, sized, places, strict=True):
            write(canvas, (start + 2, CAPTION / 2), words, anchor="lm", room=picture.shape[1] - 4)
        pixels = picture_of(canvas)
    return pixels, places


def stacked(parts: Sequence[Pixels]) -> Pixels:
    """Parts below each other, on paper as wide as the widest."""
    width = max(part.shape[1] for part in parts)
    rows = [np.pad(part, ((0, 0), (0, width - part.shape[1]), (0, 0)), constant_values=GROUND[0]) for part in parts]
    return np.concatenate(rows, axis=0).astype(np.uint8)


def titled(picture: Pixels, title: str, note: str = "") -> Pixels:
    """A line of title, and a fainter one of note, above a picture."""
    canvas = strip(picture.shape[1], 30 + (22 if note else 0))
    write(canvas, (10, 16), title, anchor="lm", size=18, room=canvas.width - 16)
    if note:
        write(canvas, (10, 40), note, anchor="lm", colour=FAINT, room=canvas.width - 16)
    return stacked([picture_of(canvas), picture])


def _sized(picture: Pixels, width: int, height: int) -> Pixels:
    if picture.shape[:2] == (height, width):
        return picture
    how = Image.Resampling.LANCZOS if height < picture.shape[0] else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(picture).resize((width, height), how), dtype=np.uint8)
