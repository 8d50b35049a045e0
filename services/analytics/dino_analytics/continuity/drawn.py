"""Pairs of pictures side by side with boxes around what changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from dino_analytics.draw import SERIES, box, fitted, side_by_side, stacked, to_drawing
from dino_common.contracts.continuity import ComparedPicture, PairContinuity
from dino_common.contracts.drawing import Drawing

MOST_DRAWN = 3
_WIDTH = 504
COLOURS = {
    "vanished": SERIES[3],
    "appeared": SERIES[2],
    "recoloured": SERIES[0],
    "changed": SERIES[4],
    "moved": SERIES[1],
}


def to_draw(pairs: Sequence[PairContinuity]) -> list[PairContinuity]:
    """Return the pairs worth drawing: those with the surest changes, else the first ones."""
    return sorted(pairs, key=lambda pair: -max((c.confidence for c in pair.changes), default=0.0))[:MOST_DRAWN]


def drawing(pairs: Sequence[PairContinuity], pictures: Sequence[tuple[np.ndarray, np.ndarray]]) -> Drawing:
    """Draw pairs one below the other; pictures are uint8 (h, w, 3), one for each side of each pair."""
    rows = []
    for pair, both in zip(pairs, pictures, strict=True):
        sides = [_side(picture, pair, number) for number, picture in enumerate(both)]
        rows.append(side_by_side(sides, [_caption(pair.first), _caption(pair.second)]))
    return to_drawing(stacked(rows))


def _side(picture: np.ndarray, pair: PairContinuity, number: int) -> np.ndarray:
    shown = fitted(picture, _WIDTH, enlarge=True)
    canvas = Image.fromarray(shown)
    facts = (pair.first, pair.second)[number]
    scale = canvas.width / facts.width, canvas.height / facts.height
    for change in reversed(pair.changes):
        left, top, width, height = change.box_1 if number == 0 else change.box_2
        edges = (left * scale[0], top * scale[1], (left + width) * scale[0], (top + height) * scale[1])
        # Where the thing itself is not, the place alone.
        absent = (change.kind == "appeared" and number == 0) or (change.kind == "vanished" and number == 1)
        label = "" if absent else f"{change.kind} {change.confidence:.2f}"
        box(canvas, edges, COLOURS[change.kind], label, thick=1 if absent else 3)
    return np.array(canvas, dtype=np.uint8)


def _caption(picture: ComparedPicture) -> str:
    if picture.shot is None:
        return f"asset {picture.asset_id[:8]}"
    return f"shot {picture.shot}" + ("" if picture.time is None else f", {picture.time:.2f} s")
