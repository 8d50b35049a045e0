"""A grid of pictures with captions, as an editor lays shots side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GAP, CAPTION, TITLE = 8, 22, 34
_GROUND, _TEXT, _FAINT, _GONE = (24, 24, 26), (235, 235, 235), (160, 160, 165), (48, 48, 52)
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True)
class Cell:
    """One picture: uint8 (h, w, 3) RGB of any size, or None for one that is gone; what stands under it."""

    picture: NDArray[np.uint8] | None
    left: str
    right: str


def contact_sheet(cells: Sequence[Cell], title: str, *, columns: int, width: int) -> NDArray[np.uint8]:
    """Draw the grid: uint8 (height, width, 3) RGB.

    Args:
        cells: at least one; each picture is fitted into a cell of the first one's shape.
            A film's keyframes have one shape: where the first picture is gone, that of the next one counts.
        title: one line above; what does not fit is cut.
        columns: pictures in a row, at least 1.
        width: of a picture, pixels.
    """
    shape = next((cell.picture.shape for cell in cells if cell.picture is not None), (9, 16))
    height = max(16, round(width * shape[0] / shape[1]))
    columns = min(columns, len(cells))
    rows = -(-len(cells) // columns)
    sheet = np.empty((TITLE + rows * (height + CAPTION + GAP) + GAP, GAP + columns * (width + GAP), 3), np.uint8)
    sheet[:] = _GROUND
    _write(sheet, title, GAP, TITLE - 12, 0.55, _TEXT, sheet.shape[1] - 2 * GAP)
    for place, cell in enumerate(cells):
        row, column = divmod(place, columns)
        top, left = TITLE + row * (height + CAPTION + GAP), GAP + column * (width + GAP)
        if cell.picture is None:
            sheet[top : top + height, left : left + width] = _GONE
            _write(sheet, "picture deleted", left + 8, top + height // 2, 0.42, _FAINT, width - 16)
        else:
            sheet[top : top + height, left : left + width] = _fitted(cell.picture, width, height)
        base = top + height + CAPTION - 7
        # A caption's right half is told first to keep clear of the left one.
        taken = _write(sheet, cell.left, left, base, 0.42, _TEXT, width)
        room = width - taken - 6
        size = _measure(cell.right, 0.42)
        if size <= room:
            _write(sheet, cell.right, left + width - size, base, 0.42, _FAINT, room)
    return sheet


def fitting_rows(rows: int, size: int, limit: int) -> int:
    """Return how many rows to try next where a sheet of ``rows`` rows took ``size`` bytes: 1 to ``rows`` - 1."""
    return max(1, min(rows - 1, int(rows * limit / size * 0.95)))


def _fitted(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    cell = np.zeros((height, width, 3), np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    return cell


def _measure(text: str, scale: float) -> int:
    return cv2.getTextSize(text, _FONT, scale, 1)[0][0]


def _write(
    sheet: NDArray[np.uint8], text: str, x: int, y: int, scale: float, colour: tuple[int, int, int], room: int
) -> int:
    """Write what fits of a line and return its width in pixels; the font has no letters beyond ASCII."""
    text = text.encode("ascii", "replace").decode()
    while text and _measure(text, scale) > room:
        text = text[:-1]
    cv2.putText(sheet, text, (x, y), _FONT, scale, colour, 1, cv2.LINE_AA)
    return _measure(text, scale)
