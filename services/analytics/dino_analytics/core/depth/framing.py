"""Where two pictures show the same part of the scene: the zoom and shift that most mutual patches agree on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]

_ROUNDS = 400
_TOLERANCE = 1.3
"""Distance in patches within which a pair agrees with a zoom and shift."""
_LEAST_PAIRS, _LEAST_SHARE = 10, 0.3
_LEAST_SIDE = 0.2
"""Shorter side of the common part, of the picture's, below which there is too little to compare."""
_SAME_ZOOM, _SAME_SHIFT = 0.08, 0.06


@dataclass(frozen=True, slots=True)
class Framing:
    """How the second picture is framed against the first.

    Attributes:
        zoom: size in the second picture over size in the first; above 1 it is closer.
        shift_x, shift_y: of what lies in the middle of the first, in widths and heights of the second.
        agreeing: share of the mutual pairs that agree with it, 0–1.
        first_box, second_box: the common part in each: left, top, right, bottom, 0–1.
    """

    zoom: float
    shift_x: float
    shift_y: float
    agreeing: float
    first_box: Box
    second_box: Box

    @property
    def same(self) -> bool:
        """Whether both pictures are framed alike."""
        shift = max(abs(self.shift_x), abs(self.shift_y))
        return abs(self.zoom - 1.0) < _SAME_ZOOM and shift < _SAME_SHIFT


def framing(
    pairs: NDArray[np.intp], first_grid: tuple[int, int], second_grid: tuple[int, int], aspects: tuple[float, float]
) -> Framing | None:
    """Find the zoom and shift that most pairs agree on, by RANSAC (Fischler and Bolles, CACM 24(6), 1981).

    Args:
        pairs: int (n, 2), numbers of matching patches in row order.
        first_grid, second_grid: (rows, columns) of the patches.
        aspects: width over height of each picture, since patch grids are stretched to them.

    Returns:
        None where fewer than ten pairs, or less than 30 % of them, agree, or too little is in common.
    """
    if len(pairs) < _LEAST_PAIRS:
        return None
    first = _places(pairs[:, 0], first_grid, aspects[0])
    second = _places(pairs[:, 1], second_grid, aspects[1])
    random = np.random.default_rng(11)
    one, other = random.integers(0, len(pairs), (2, _ROUNDS))
    span = np.linalg.norm(first[one] - first[other], axis=1)
    usable = span > 3.0 / max(first_grid)
    if not usable.any():
        return None
    one, other, span = one[usable], other[usable], span[usable]
    zooms = np.linalg.norm(second[one] - second[other], axis=1) / span
    shifts = second[one] - zooms[:, None] * first[one]
    # A pair of pairs gives a zoom also where they are turned against each other: the votes sort these out.
    reach = _TOLERANCE / max(second_grid)
    off = np.linalg.norm(zooms[:, None, None] * first[None] + shifts[:, None] - second[None], axis=2)
    votes = (off < reach * np.maximum(1.0, zooms)[:, None]).sum(axis=1)
    votes[(zooms < 0.2) | (zooms > 5.0)] = 0
    best = int(votes.argmax())
    agree = off[best] < reach * max(1.0, float(zooms[best]))
    if agree.sum() < _LEAST_PAIRS or agree.mean() < _LEAST_SHARE:
        return None
    zoom, shift = _refined(first[agree], second[agree])
    return _described(zoom, shift, float(agree.mean()), aspects)


def _places(numbers: NDArray[np.intp], grid: tuple[int, int], aspect: float) -> NDArray[np.float64]:
    """Centres of patches: x in 0–aspect and y in 0–1."""
    rows, columns = grid
    return np.stack([(numbers % columns + 0.5) / columns * aspect, (numbers // columns + 0.5) / rows], axis=1)


def _refined(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Zoom and shift by least squares."""
    a, b = first - first.mean(axis=0), second - second.mean(axis=0)
    zoom = float((a * b).sum() / max(float((a * a).sum()), 1e-9))
    return zoom, second.mean(axis=0) - zoom * first.mean(axis=0)


def _described(
    zoom: float, shift: NDArray[np.float64], agreeing: float, aspects: tuple[float, float]
) -> Framing | None:
    if zoom <= 0.0:
        return None
    first_size, second_size = np.array([aspects[0], 1.0]), np.array([aspects[1], 1.0])
    low = np.maximum(0.0, -shift / zoom)
    high = np.minimum(first_size, (second_size - shift) / zoom)
    mapped_low, mapped_high = low * zoom + shift, high * zoom + shift
    boxes: list[Box] = []
    for start, end, size in ((low, high, first_size), (mapped_low, mapped_high, second_size)):
        if (end - start < _LEAST_SIDE * size.min()).any():
            return None
        left, top = np.clip(start / size, 0.0, 1.0)
        right, bottom = np.clip(end / size, 0.0, 1.0)
        boxes.append((float(left), float(top), float(right), float(bottom)))
    moved = (first_size / 2 * zoom + shift - second_size / 2) / second_size
    return Framing(zoom, float(moved[0]), float(moved[1]), agreeing, boxes[0], boxes[1])


def cropped(picture: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the part of a picture, uint8 (height, width, 3), inside a box of 0–1; at least 16 pixels a side."""
    height, width = picture.shape[:2]
    left, top = min(round(box[0] * width), max(0, width - 16)), min(round(box[1] * height), max(0, height - 16))
    right, bottom = max(round(box[2] * width), left + 16), max(round(box[3] * height), top + 16)
    return picture[top:bottom, left:right]
