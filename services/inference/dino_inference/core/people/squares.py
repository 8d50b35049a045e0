"""Squares of a picture: detectors take a small square, and what is small in the picture must not be lost in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Square:
    """A square of a picture in its pixels: left, top and side; it may reach beyond the picture."""

    x: float
    y: float
    side: float


def squares(width: int, height: int, levels: int) -> list[Square]:
    """Return the squares to look at, the whole picture first.

    Level 0 is the whole picture within one square. Level 1 are squares as high as the picture is (or as wide, when it
    is upright), so that nothing is wasted on margins; each further level halves the side. Neighbours share half of
    their side, on further levels a quarter, as those are for what is small: it lies whole in one of them.
    """
    longer, shorter = max(width, height), min(width, height)
    found = [Square((width - longer) / 2, (height - longer) / 2, float(longer))]
    for level in range(1, levels):
        side = shorter / 2 ** (level - 1)
        step = side * (0.5 if level == 1 else 0.75)
        # A square of the picture itself is the whole of it already.
        if side < longer:
            found += [Square(x, y, side) for y in _starts(height, side, step) for x in _starts(width, side, step)]
    return found


def cut(picture: RGB, square: Square, side: int) -> RGB:
    """Return the square as uint8 (side, side, 3); black where it reaches beyond the picture."""
    height, width = picture.shape[:2]
    left, top = max(0, round(square.x)), max(0, round(square.y))
    right, bottom = min(width, round(square.x + square.side)), min(height, round(square.y + square.side))
    scale = side / square.side
    size = max(1, min(side, round((right - left) * scale))), max(1, min(side, round((bottom - top) * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    inner = np.asarray(cv2.resize(picture[top:bottom, left:right], size, interpolation=how), np.uint8)
    found = np.zeros((side, side, 3), np.uint8)
    x = min(side - size[0], max(0, round((left - square.x) * scale)))
    y = min(side - size[1], max(0, round((top - square.y) * scale)))
    found[y : y + size[1], x : x + size[0]] = inner
    return found


def turned(picture: RGB, middle: tuple[float, float], side: float, angle: float, size: int) -> tuple[RGB, NDArray]:
    """Cut out a square that is turned, so that what lies in it stands upright.

    Args:
        picture: uint8 (h, w, 3).
        middle: of the square, pixels.
        side: of the square, pixels.
        angle: by which it is turned clockwise, radians.
        size: of the answer, pixels.

    Returns:
        uint8 (size, size, 3), black beyond the picture, and float64 (2, 3) from its pixels to the picture's.
    """
    step = side / size
    cos, sin = math.cos(angle) * step, math.sin(angle) * step
    half = size / 2
    to_picture = np.array(
        [[cos, -sin, middle[0] - half * cos + half * sin], [sin, cos, middle[1] - half * sin - half * cos]]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    # Many pixels for one would alias: the picture is blurred as far as it shrinks.
    source = picture if step < 2 else cv2.GaussianBlur(picture, (0, 0), step / 2.5)
    return np.asarray(cv2.warpAffine(source, to_picture, (size, size), flags=flags), np.uint8), to_picture


def _starts(length: int, side: float, step: float) -> list[float]:
    if length <= side:
        return [(length - side) / 2]
    count = math.ceil((length - side) / step - 1e-9) + 1
    return [float(start) for start in np.linspace(0.0, length - side, count)]
