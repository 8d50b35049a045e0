"""Matches between two pictures, drawn as lines."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from dino_analytics.core.look.coherence import Coherence
from dino_analytics.core.look.matching import Matches
from dino_analytics.draw.base import Pixels, fitted, picture_of
from dino_analytics.draw.colours import RGB, heat_colours
from dino_analytics.draw.legend import legend
from dino_analytics.draw.panels import beside, stacked, titled

_MOST = 60
_MISFIT: RGB = (150, 150, 155)
_SIDE = 640


def correspondences_drawing(first: Pixels, second: Pixels, matches: Matches, judged: Coherence, title: str) -> Pixels:
    """Draw both pictures side by side and lines between the best matches.

    Those that fit one geometry are coloured by their height in the first picture, so that crossing lines can be
    followed; the others are thin and grey.
    """
    pictures = [fitted(picture, _SIDE, enlarge=True) for picture in (first, second)]
    sheet, places = beside(pictures, ["first", "second"])
    canvas = Image.fromarray(sheet)
    pen = ImageDraw.Draw(canvas)
    sides = [
        (picture.shape[1] * across, picture.shape[0] * down)
        for picture, (_, _, across, down) in zip(pictures, places, strict=True)
    ]
    fits = np.flatnonzero(judged.inliers)
    shown = fits[np.unique(np.linspace(0, len(fits) - 1, min(_MOST, len(fits))).astype(int))] if len(fits) else fits
    misfits = np.flatnonzero(~judged.inliers)[: _MOST // 3]
    for index in (*misfits, *shown):
        ends = [
            (places[side][0] + at[index][0] * sides[side][0], places[side][1] + at[index][1] * sides[side][1])
            for side, at in ((0, matches.first), (1, matches.second))
        ]
        if judged.inliers[index]:
            colour, wide, dot = _colour(float(matches.first[index][1])), 2, 4
        else:
            colour, wide, dot = _MISFIT, 1, 2
        pen.line(ends, fill=colour, width=wide)
        for x, y in ends:
            pen.ellipse((x - dot - 1, y - dot - 1, x + dot + 1, y + dot + 1), fill=(0, 0, 0))
            pen.ellipse((x - dot, y - dot, x + dot, y + dot), fill=colour)
    fitting = f"{len(fits)} matches fit one geometry ({judged.model})" if len(fits) else "no geometry fits"
    entries: list[tuple[RGB, str]] = [
        (_colour(0.5), fitting),
        (_MISFIT, f"{len(matches.cosine) - len(fits)} do not"),
    ]
    return titled(stacked([picture_of(canvas), legend(canvas.width, entries)]), title)


def _colour(height: float) -> RGB:
    red, green, blue = (int(value) for value in heat_colours(np.array(0.25 + 0.75 * height)))
    return red, green, blue
