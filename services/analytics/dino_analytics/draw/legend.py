"""Keys: which colour is what."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import ImageDraw

from dino_analytics.draw.base import TEXT_SIZE, Pixels, measure, picture_of, strip, write
from dino_analytics.draw.colours import FAINT, RGB, contrasting

ROW, PATCH, GAP = 26, 14, 18


def legend(width: int, entries: Sequence[tuple[RGB, str]]) -> Pixels:
    """Colours and what they stand for, in as many rows as they need; uint8 (26 · rows, width, 3)."""
    places: list[tuple[int, int]] = []
    x, row = 10, 0
    for _, words in entries:
        need = min(width - 20, PATCH + 6 + round(measure(words)))
        if x > 10 and x + need > width - 10:
            x, row = 10, row + 1
        places.append((x, row))
        x += need + GAP
    canvas = strip(width, ROW * (row + 1))
    pen = ImageDraw.Draw(canvas)
    for (colour, words), (left, line) in zip(entries, places, strict=True):
        middle = line * ROW + ROW // 2
        pen.rectangle((left, middle - 7, left + PATCH, middle + 7), fill=colour, outline=FAINT)
        write(canvas, (left + PATCH + 6, middle), words, anchor="lm", room=width - left - PATCH - 16)
    return picture_of(canvas)


def swatches(width: int, colours: Sequence[tuple[RGB, str, float]], height: int = 54, *, shares: bool = True) -> Pixels:
    """A palette: blocks as wide as their shares, with name and share where they fit; uint8 (height, width, 3).

    Args:
        width: in pixels.
        colours: colour, name and share; the shares are scaled to fill the width.
        height: in pixels.
        shares: whether they are written.
    """
    canvas = strip(width, height)
    pen = ImageDraw.Draw(canvas)
    total = sum(share for _, _, share in colours) or 1.0
    at = 0.0
    for colour, name, share in colours:
        wide = width * share / total
        pen.rectangle((round(at), 0, round(at + wide) - 1, height), fill=colour)
        ink = contrasting(colour)
        small = TEXT_SIZE - 2
        if wide > measure(name, small) + 8:
            write(canvas, (at + 6, height / 2 - 9), name, anchor="lm", colour=ink, size=small)
            write(
                canvas,
                (at + 6, height / 2 + 9),
                f"{100 * share:.0f} %" if shares else "",
                anchor="lm",
                colour=ink,
                size=small,
            )
        elif shares and wide > measure("99 %", small) + 4:
            write(canvas, (at + wide / 2, height / 2), f"{100 * share:.0f} %", anchor="mm", colour=ink, size=small)
        at += wide
    return picture_of(canvas)
