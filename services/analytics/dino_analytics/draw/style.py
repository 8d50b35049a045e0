"""A picture's palette against what is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from dino_analytics.draw.base import Pixels, fitted, picture_of, strip, write
from dino_analytics.draw.colours import FAINT, RGB
from dino_analytics.draw.legend import swatches
from dino_analytics.draw.panels import stacked, titled

_WIDTH = 900
_BAR: RGB = (0, 114, 178)
Row = tuple[str, Pixels | None, Sequence[tuple[RGB, str, float]]]


def style_drawing(rows: Sequence[Row], scores: Sequence[tuple[str, float | None, str]], title: str) -> Pixels:
    """Draw palettes below each other, each beside its picture, and bars of the scores.

    Args:
        rows: caption, picture uint8 (h, w, 3) or None, and colour, name and share of its palette.
        scores: name, 0–100 or None, and a note.
        title: one line.
    """
    parts = []
    for caption, picture, colours in rows:
        head = strip(_WIDTH, 26)
        write(head, (10, 14), caption, anchor="lm", colour=FAINT)
        band = strip(_WIDTH, 110)
        left = 10
        if picture is not None:
            small = fitted(picture, 150, enlarge=True)
            tall = min(110, small.shape[0])
            wide = round(small.shape[1] * tall / small.shape[0])
            band.paste(_image(small).resize((wide, tall)), (10, 0))
            left = 20 + max(wide, 150)
        band.paste(_image(swatches(_WIDTH - left - 10, colours, 100, shares=picture is not None)), (left, 5))
        parts += [picture_of(head), picture_of(band)]
    table = strip(_WIDTH, 14 + 30 * len(scores))
    for place, (name, score, note) in enumerate(scores):
        y = 22 + 30 * place
        write(table, (10, y), name.replace("_", " "), anchor="lm")
        if score is not None:
            table.paste(_BAR, (170, y - 9, 170 + max(2, round(3 * score)), y + 9))
        write(table, (485, y), "unknown" if score is None else f"{score:.0f}", anchor="lm")
        write(table, (535, y), note, anchor="lm", colour=FAINT, room=_WIDTH - 545)
    return titled(stacked([*parts, picture_of(table)]), title)


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels)
