"""Patches of two pictures that show the same thing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Grid = NDArray[np.float32]
RGB = NDArray[np.uint8]

LEAST_COSINE = 0.35
"""Under it two patches are each other's nearest only because something must be."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Places that correspond, best first.

    Attributes:
        first, second: float64 (n, 2), x and y in shares of either picture.
        cosine: float64 (n,), of the patch tokens.
        cells: int (n, 2), flat patch numbers in both grids.
    """

    first: Float
    second: Float
    cosine: Float
    cells: NDArray[np.int64]


def mutual(first: Grid, second: Grid, *, least: float = LEAST_COSINE) -> Matches:
    """Patches that are each other's nearest by cosine ("best buddies": Amir et al., "Deep ViT features as dense visual
    descriptors", 2021), placed between patches by the peak of a parabola through the cosines around each.

    Args:
        first, second: float32 (rows, columns, dimension), each patch of length 1; grids may differ.
        least: cosine from which a pair counts.
    """
    one, other = (grid.reshape(-1, grid.shape[-1]).astype(np.float64) for grid in (first, second))
    cosine = one @ other.T
    forth, back = cosine.argmax(axis=1), cosine.argmax(axis=0)
    index = np.arange(len(one))
    kept = (back[forth] == index) & (cosine[index, forth] >= least)
    a, b = index[kept], forth[kept]
    order = np.argsort(-cosine[a, b], kind="stable")
    a, b = a[order], b[order]
    return Matches(
        _places(a, first.shape[:2]),
        _peaks(cosine[a], b, second.shape[:2]),
        cosine[a, b],
        np.stack([a, b], axis=1),
    )


def tightened(matches: Matches, first: RGB, second: RGB, grid: tuple[int, int]) -> tuple[Matches, NDArray[np.bool_]]:
    """Move the second places to where the pixels around the first ones are, and say which moved surely.

    Pyramidal Lucas–Kanade (Bouguet, 2000) begun at each match, forth and back: it is taken where it comes back to
    within a quarter of a patch and stays within a patch and a half of the match. It needs pixels that look alike:
    across viewpoints or light most matches stay as they are.

    Args:
        matches: of these pictures.
        first, second: uint8 (h, w, 3) RGB.
        grid: rows and columns of the patches of the second.
    """
    if not len(matches.cosine):
        return matches, np.zeros(0, dtype=bool)
    if second.shape != first.shape:
        # Both must be of one size; places are in shares of the sides, so that stretching moves none.
        size = first.shape[1], first.shape[0]
        second = np.asarray(cv2.resize(second, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    greys = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8) for picture in (first, second)]
    sides = np.array([first.shape[1], first.shape[0]], dtype=np.float64)
    start = (matches.first * sides).astype(np.float32).reshape(-1, 1, 2)
    guess = (matches.second * sides).astype(np.float32).reshape(-1, 1, 2)
    cell = sides / np.array([grid[1], grid[0]])
    options = {"winSize": (31, 31), "maxLevel": 2}
    end, ok, _ = cv2.calcOpticalFlowPyrLK(
        greys[0], greys[1], start, guess.copy(), flags=cv2.OPTFLOW_USE_INITIAL_FLOW, **options
    )
    home, also, _ = cv2.calcOpticalFlowPyrLK(
        greys[1], greys[0], end, start.copy(), flags=cv2.OPTFLOW_USE_INITIAL_FLOW, **options
    )
    moved = np.abs((end - guess).reshape(-1, 2)) / cell
    away = np.linalg.norm((home - start).reshape(-1, 2), axis=1) / float(cell.mean())
    sure = (ok.ravel() == 1) & (also.ravel() == 1) & (moved.max(axis=1) < 1.5) & (away < 0.25)
    alike = _alike(greys, start.reshape(-1, 2), np.asarray(end, np.float32).reshape(-1, 2))
    sure &= alike > 0.6
    second_places = np.where(sure[:, None], end.reshape(-1, 2) / sides, matches.second)
    return Matches(matches.first, second_places, matches.cosine, matches.cells), sure


def _alike(greys: list[NDArray[np.uint8]], here: NDArray[np.float32], there: NDArray[np.float32]) -> Float:
    """Correlation of the windows of 21 × 21 around both places of each pair."""
    scores = np.zeros(len(here))
    for index, (one, other) in enumerate(zip(here, there, strict=True)):
        windows = [
            np.asarray(cv2.getRectSubPix(grey, (21, 21), (float(at[0]), float(at[1]))), dtype=np.float64)
            for grey, at in zip(greys, (one, other), strict=True)
        ]
        a, b = (window - window.mean() for window in windows)
        scores[index] = float((a * b).sum() / max(float(np.sqrt((a**2).sum() * (b**2).sum())), 1e-9))
    return scores


def _places(cells: NDArray[np.int64], shape: tuple[int, ...]) -> Float:
    rows, columns = shape[0], shape[1]
    return np.stack([(cells % columns + 0.5) / columns, (cells // columns + 0.5) / rows], axis=1)


def _peaks(cosine: Float, cells: NDArray[np.int64], shape: tuple[int, ...]) -> Float:
    """Middle of the best cell, moved by at most half a cell along each axis."""
    rows, columns = shape[0], shape[1]
    maps = cosine.reshape(-1, rows, columns)
    index, row, column = np.arange(len(cells)), cells // columns, cells % columns
    best = maps[index, row, column]

    def off(low: Float, high: Float, inside: NDArray[np.bool_]) -> Float:
        bend = low - 2.0 * best + high
        step = np.where(bend < -1e-9, 0.5 * (low - high) / np.minimum(bend, -1e-9), 0.0)
        return np.where(inside, np.clip(step, -0.5, 0.5), 0.0)

    left, right = maps[index, row, np.maximum(column - 1, 0)], maps[index, row, np.minimum(column + 1, columns - 1)]
    up, down = maps[index, np.maximum(row - 1, 0), column], maps[index, np.minimum(row + 1, rows - 1), column]
    x = column + 0.5 + off(left, right, (column > 0) & (column < columns - 1))
    y = row + 0.5 + off(up, down, (row > 0) & (row < rows - 1))
    return np.stack([x / columns, y / rows], axis=1)
