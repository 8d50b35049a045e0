"""One fine grid of patch features from looks at the whole picture and at four overlapping parts of it."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of width and height."""

_PART = 0.5625
TILES: tuple[Box, ...] = (
    (0.0, 0.0, 1.0, 1.0),
    (0.0, 0.0, _PART, _PART),
    (1 - _PART, 0.0, 1.0, _PART),
    (0.0, 1 - _PART, _PART, 1.0),
    (1 - _PART, 1 - _PART, 1.0, 1.0),
)
"""The whole picture, then four parts of 9/16 of each side that overlap by an eighth."""

GRID = 32
"""Cells a side of the merged grid; with 16 patches a side, 28 of them are told apart by the parts."""


def parts(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return the four parts of a picture uint8 (h, w, 3), without the whole."""
    return [_part(pixels, box) for box in TILES[1:]]


def cut(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the tiles of a picture, uint8 (5, height, width, 3), each stretched to ``size`` (height, width)."""
    tiles = []
    for box in TILES:
        part = _part(pixels, box)
        shrinks = part.shape[0] >= size[0] and part.shape[1] >= size[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        tiles.append(cv2.resize(part, (size[1], size[0]), interpolation=how))
    return np.stack(tiles).astype(np.uint8, copy=False)


def _part(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    left, top, right, bottom = box
    return pixels[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


def merged(patches: NDArray[np.floating], grid: int = GRID) -> NDArray[np.float32]:
    """Return float32 (grid, grid, d), rows of length 1, from the tiles' patches (5, rows, columns, d).

    Each cell is the mean of the parts that show it, those weighing more in whose middle it lies, and of the whole
    picture, which knows what the cell belongs to.
    """
    if patches.ndim != 4 or len(patches) != len(TILES):
        raise ValueError(f"patches are ({len(TILES)}, rows, columns, d), got {patches.shape}")
    unit = patches.astype(np.float32)
    unit /= np.maximum(np.linalg.norm(unit, axis=-1, keepdims=True), 1e-6)
    rows, columns = patches.shape[1:3]
    total = np.zeros((grid, grid, patches.shape[3]), np.float32)
    weights = np.zeros((grid, grid, 1), np.float32)
    for tile, box in zip(unit, TILES, strict=True):
        down, across = _places(grid, rows, box[1], box[3]), _places(grid, columns, box[0], box[2])
        sampled = _sampled(_sampled(tile, down[0], 0), across[0], 1)
        weight = (down[1][:, None] * across[1][None, :])[..., None]
        weight = weight * (_WHOLE if box == TILES[0] else 1.0)
        total += sampled * weight
        weights += weight
    total /= np.maximum(weights, 1e-6)
    return total / np.maximum(np.linalg.norm(total, axis=-1, keepdims=True), 1e-6)


_WHOLE = 0.35


@lru_cache(maxsize=64)
def _places(grid: int, cells: int, low: float, high: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where the grid's cells lie along a tile's side, in its cells, and how much each counts there (0 outside)."""
    centre = (np.arange(grid) + 0.5) / grid
    inside = (centre - low) / (high - low)
    weight = np.where((inside > 0) & (inside < 1), 1.0, 0.0)
    if high - low < 1:
        # Patches near the edge of a part lack half of their surroundings; the picture's own edges are no matter.
        edge = np.ones_like(inside)
        edge = np.minimum(edge, np.clip(inside / 0.12, 0.05, 1) if low > 0 else 1)
        edge = np.minimum(edge, np.clip((1 - inside) / 0.12, 0.05, 1) if high < 1 else 1)
        weight = weight * edge
    place = np.clip(inside * cells - 0.5, 0, cells - 1)
    return place.astype(np.float32), weight.astype(np.float32)


def _sampled(values: NDArray[np.float32], place: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, values.shape[axis] - 1)
    part = place - low
    shape = [1] * values.ndim
    shape[axis] = len(part)
    share = part.reshape(shape)
    mixed = np.take(values, low, axis) * (1 - share) + np.take(values, high, axis) * share
    return np.asarray(mixed, dtype=np.float32)
