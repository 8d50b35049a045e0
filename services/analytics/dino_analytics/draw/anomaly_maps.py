"""Heat maps of odd pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dino_analytics.draw.base import Pixels, fitted, picture_of, to_drawing
from dino_analytics.draw.colours import GROUND
from dino_analytics.draw.heat import colour_bar, overlay
from dino_analytics.draw.panels import side_by_side, stacked, titled
from dino_analytics.draw.regions import box
from dino_common.contracts.drawing import Drawing


@dataclass(frozen=True, slots=True)
class OddPicture:
    """A picture, uint8 (h, w, 3), the distances of its patches (rows, columns), its score, its name, and where it is
    oddest (left, top, right, bottom as shares)."""

    picture: Pixels
    distances: NDArray[np.float32]
    score: float
    name: str
    region: tuple[float, float, float, float]


_KEY = "distance to the nearest reference patch"
# Two columns of these fill the longest side that a drawing may have.
_CELL = 508


def draw_one(odd: OddPicture, threshold: float, usual: float) -> Drawing:
    """Draw a picture beside its heat map."""
    top = _top([odd], threshold, usual)
    sheet = _sheet(odd, threshold, usual, top, height=460, width=1000)
    return to_drawing(stacked([sheet, _key(sheet.shape[1], usual, top)]))


def draw_all(odds: Sequence[OddPicture], threshold: float, usual: float) -> Drawing:
    """Draw several pictures, each beside its heat map, in two columns and on one scale."""
    if len(odds) == 1:
        return draw_one(odds[0], threshold, usual)
    top, rows = _top(odds, threshold, usual), -(-len(odds) // 2)
    height = min(246, 940 // rows - 44)
    cells = [_sheet(odd, threshold, usual, top, height=height, width=_CELL) for odd in odds]
    lines = [_row(cells[n : n + 2]) for n in range(0, len(cells), 2)]
    words = f"{_KEY}; odd: mean of the oddest above {threshold:.2f}"
    return to_drawing(stacked([*lines, _key(lines[0].shape[1], usual, top, words)]))


def _top(odds: Sequence[OddPicture], threshold: float, usual: float) -> float:
    return max(*(float(odd.distances.max()) for odd in odds), threshold, usual + 1e-3)


def _key(width: int, usual: float, top: float, words: str = _KEY) -> Pixels:
    return colour_bar(width, f"{usual:.2f}", f"{top:.2f}", words)


def _sheet(odd: OddPicture, threshold: float, usual: float, top: float, *, height: int, width: int) -> Pixels:
    heat = overlay(odd.picture, np.clip((odd.distances - usual) / (top - usual), 0.0, 1.0))
    framed = [_framed(fitted(pixels, 640, enlarge=True), odd.region) for pixels in (odd.picture, heat)]
    sheet = _wide(side_by_side(framed, height=height, width=width), width)
    verdict = "odd" if odd.score > threshold else "usual"
    # The verdict first: a long name is cut at its end.
    return titled(sheet, f"{odd.score:.3f} {verdict} (threshold {threshold:.3f}): {odd.name}")


def _row(cells: Sequence[Pixels]) -> Pixels:
    tall = max(cell.shape[0] for cell in cells)
    return np.concatenate([_padded(cell, tall + 8, _CELL + 4) for cell in cells], axis=1)


def _wide(pixels: Pixels, width: int) -> Pixels:
    return _padded(pixels, pixels.shape[0], max(width, pixels.shape[1]))


def _padded(pixels: Pixels, height: int, width: int) -> Pixels:
    below, right = height - pixels.shape[0], width - pixels.shape[1]
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), constant_values=GROUND[0])


def _framed(pixels: Pixels, region: tuple[float, float, float, float]) -> Pixels:
    canvas = Image.fromarray(np.ascontiguousarray(pixels))
    width, height = canvas.size
    edges = (region[0] * width, region[1] * height, region[2] * width, region[3] * height)
    thick = max(2, round(max(width, height) / 220))
    box(canvas, edges, GROUND, thick=thick + 2)
    box(canvas, edges, (213, 40, 20), thick=thick)
    return picture_of(canvas)
