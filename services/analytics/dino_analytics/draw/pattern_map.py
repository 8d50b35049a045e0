"""The map of a set: a dot for each picture, colours for clusters, small pictures where they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dino_analytics.draw.base import picture_of, strip, to_drawing, write
from dino_analytics.draw.colours import FAINT, GROUND, INK, RGB, SERIES
from dino_analytics.draw.legend import legend
from dino_analytics.draw.panels import stacked, titled
from dino_common.contracts.drawing import Drawing

_SIDE, _MARGIN = 760, 56
_NAMED = 12
_NONE: RGB = (198, 198, 200)


@dataclass(frozen=True, slots=True)
class MapPoint:
    """Of every picture: `places` float (n, 2) within 0–1, `label` int (n,) number of its cluster or −1, `outlier`."""

    places: NDArray[np.float64]
    label: NDArray[np.int64]
    outlier: NDArray[np.bool_]


def draw_map(
    points: MapPoint, names: Sequence[str], sizes: Sequence[int], pictures: Mapping[int, NDArray[np.uint8]]
) -> Drawing:
    """Draw the map.

    Args:
        points: of the set.
        names, sizes: of the clusters, the largest first; the first twelve have a colour or a shape of their own.
        pictures: small ones, by row; drawn beside their place, where no other one is.
    """
    canvas = strip(_SIDE + 2 * _MARGIN, _SIDE + 2 * _MARGIN)
    pen = ImageDraw.Draw(canvas)
    at = _MARGIN + points.places * _SIDE
    radius = 2 if len(at) > 3000 else 3 if len(at) > 400 else 5
    order = np.lexsort((np.arange(len(at)), -points.label))
    for row in order:
        _dot(pen, at[row], radius, _colour(int(points.label[row])), ring=_ringed(int(points.label[row])))
    for row in np.flatnonzero(points.outlier):
        x, y = at[row]
        pen.ellipse((x - radius - 4, y - radius - 4, x + radius + 4, y + radius + 4), outline=INK, width=2)
    _place(canvas, at, points.label, pictures)
    for number in range(min(_NAMED, len(names))):
        x, y = np.median(at[points.label == number], axis=0)
        write(canvas, (x, y), names[number], anchor="mm", size=24, halo=GROUND)
    entries = [(_colour(number), f"{names[number]}: {sizes[number]}") for number in range(min(_NAMED, len(names)))]
    smaller = len(names) - _NAMED
    if smaller > 0:
        entries.append((FAINT, f"{smaller} smaller clusters"))
    rest = int((points.label < 0).sum())
    if rest:
        entries.append((_NONE, f"in no cluster: {rest}"))
    note = "near dots are alike; distances between far groups mean little"
    if points.outlier.any():
        note += f"; ringed: {int(points.outlier.sum())} outliers"
    title = f"{len(at):,} pictures, {len(names)} clusters"
    return to_drawing(stacked([titled(picture_of(canvas), title, note), legend(canvas.width, entries)]))


def _colour(label: int) -> RGB:
    if label < 0:
        return _NONE
    return SERIES[label % len(SERIES)] if label < _NAMED else FAINT


def _ringed(label: int) -> bool:
    """Whether a cluster shares its colour with an earlier one and is drawn hollow."""
    return len(SERIES) <= label < _NAMED


def _dot(pen: ImageDraw.ImageDraw, place: NDArray[np.float64], radius: int, colour: RGB, *, ring: bool) -> None:
    x, y = float(place[0]), float(place[1])
    box = (x - radius, y - radius, x + radius, y + radius)
    pen.ellipse(box, fill=None if ring else colour, outline=colour, width=2 if ring else 1)


def _place(
    canvas: Image.Image,
    at: NDArray[np.float64],
    label: NDArray[np.int64],
    pictures: Mapping[int, NDArray[np.uint8]],
) -> None:
    """Paste the pictures at their places, framed in their cluster's colour, leaving out those without room."""
    taken: list[tuple[float, float, float, float]] = []
    for row, picture in pictures.items():
        height, width = picture.shape[:2]
        x = float(np.clip(at[row, 0] - width / 2, 2, canvas.width - width - 2))
        y = float(np.clip(at[row, 1] - height - 10, 2, canvas.height - height - 2))
        box = (x - 3, y - 3, x + width + 3, y + height + 3)
        if any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken):
            continue
        taken.append(box)
        pen = ImageDraw.Draw(canvas)
        pen.rectangle(box, fill=_colour(int(label[row])))
        pen.line((*at[row], x + width / 2, y + height), fill=_colour(int(label[row])), width=2)
        canvas.paste(Image.fromarray(picture), (round(x), round(y)))
