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


def draw_one(odd: OddPicture, threshold: float, usual: float) -> Drawing:
    """Draw a picture beside its heat map."""
    return to_drawing(_sheet(odd, threshold, usual))


def draw_all(odds: Sequence[OddPicture], threshold: float, usual: float) -> Drawing:
    """Draw several pictures below each other, each beside its heat map."""
    parts = [_sheet(odd, threshold, usual, height=max(140, 880 // len(odds) - 70)) for odd in odds]
    return to_drawing(stacked(parts))


def _sheet(odd: OddPicture, threshold: float, usual: float, height: int = 460) -> Pixels:
    top = max(float(odd.distances.max()), threshold, usual + 1e-3)
    heat = overlay(odd.picture, np.clip((odd.distances - usual) / (top - usual), 0.0, 1.0))
    framed = [_framed(pixels, odd.region) for pixels in (odd.picture, heat)]
    sheet = side_by_side([fitted(pixels, 640, enlarge=True) for pixels in framed], height=height, width=1000)
    bar = colour_bar(sheet.shape[1], f"{usual:.2f}", f"{top:.2f}", "distance to the nearest reference patch")
    verdict = "odd" if odd.score > threshold else "usual"
    title = f"{odd.name}: {odd.score:.3f} ({verdict}, threshold {threshold:.3f})"
    return titled(stacked([sheet, bar]), title)


def _framed(pixels: Pixels, region: tuple[float, float, float, float]) -> Pixels:
    canvas = Image.fromarray(np.ascontiguousarray(pixels))
    width, height = canvas.size
    edges = (region[0] * width, region[1] * height, region[2] * width, region[3] * height)
    thick = max(2, round(max(width, height) / 220))
    box(canvas, edges, GROUND, thick=thick + 2)
    box(canvas, edges, (213, 40, 20), thick=thick)
    return picture_of(canvas)
