"""Points that can be followed, one a cell, and where they are in the next frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]

COLUMNS = 20
"""Cells across the frame; cells are about square. One point a cell: every part of the frame has one say."""
LEAST_CORNER = 1.2e-3
"""Smallest eigenvalue of the structure tensor (of a frame in 0–1) from which a corner can be followed."""
BORDER = 0.02
"""Share of the width along the edges in which no point is taken: it would leave the frame at once."""
BAR = 28
"""Luma up to which rows and columns along the edges are black bars: their rim never moves."""
WINDOW = 15
"""Side in pixels of the patch that is followed."""
ROUND_TRIP = 0.6
"""Pixels by which a point that is followed forth and back may miss its origin."""


def calmed(frame: Grey) -> Grey:
    """The frame with its finest grain removed (Gaussian, σ = 1 pixel), so that noise makes no corners."""
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), 1.0), dtype=np.uint8)


def corners(frame: Grey) -> Points:
    """The best corner of each cell that has one: float32 (n, 2), x and y in pixels.

    Shi and Tomasi, "Good features to track", CVPR 1994: the smaller eigenvalue of the structure tensor over
    7×7 pixels. `frame` uint8 (h, w).
    """
    height, width = frame.shape
    side = max(4, width // COLUMNS)
    strength = np.asarray(cv2.cornerMinEigenVal(frame, 7, ksize=3), dtype=np.float32)
    top, bottom, left, right = _inside(frame)
    strength[:top], strength[bottom:], strength[:, :left], strength[:, right:] = 0.0, 0.0, 0.0, 0.0
    rows, columns = height // side, width // side
    cells = strength[: rows * side, : columns * side].reshape(rows, side, columns, side).swapaxes(1, 2)
    flat = cells.reshape(rows * columns, side * side)
    best = flat.argmax(axis=1)
    found = np.flatnonzero(flat[np.arange(len(flat)), best] >= LEAST_CORNER)
    y = (found // columns) * side + best[found] // side
    x = (found % columns) * side + best[found] % side
    return np.stack([x, y], axis=1).astype(np.float32)


def cell_of(points: Points, width: int) -> NDArray[np.int64]:
    """The number of the cell that each point (n, 2) lies in, for a frame of this width."""
    side = max(4, width // COLUMNS)
    return (points[:, 1] // side).astype(np.int64) * 1000 + (points[:, 0] // side).astype(np.int64)


def follow(before: Grey, after: Grey, points: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Where the points are in the next frame, and which of them were found again: (n, 2) and (n,).

    Pyramidal Lucas–Kanade (Bouguet, Intel 2001) forth and back; a point that does not come back to where it
    started is lost (Kalal, Mikolajczyk and Matas, "Forward-backward error", ICPR 2010).
    """
    if len(points) == 0:
        return points, np.zeros(0, dtype=np.bool_)
    size, levels = (WINDOW, WINDOW), _levels(before.shape)
    start = points.reshape(-1, 1, 2)
    there, forth, _ = cv2.calcOpticalFlowPyrLK(before, after, start, np.empty(0), winSize=size, maxLevel=levels)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, there, np.empty(0), winSize=size, maxLevel=levels)
    miss = np.linalg.norm((back - start).reshape(-1, 2), axis=1)
    found = (forth.ravel() == 1) & (returned.ravel() == 1) & (miss <= ROUND_TRIP)
    height, width = before.shape
    there = there.reshape(-1, 2)
    inside = (there >= 1).all(axis=1) & (there[:, 0] < width - 1) & (there[:, 1] < height - 1)
    return np.asarray(there, dtype=np.float32), found & inside


def _inside(frame: Grey) -> tuple[int, int, int, int]:
    """Rows and columns (top, bottom, left, right) between which points are taken: no rims, no black bars."""
    height, width = frame.shape
    margin = max(2, round(BORDER * width))
    edges = [0, height, 0, width]
    for axis in (0, 1):
        lit = np.flatnonzero(frame.max(axis=1 - axis) > BAR)
        if len(lit):
            edges[2 * axis], edges[2 * axis + 1] = int(lit[0]), int(lit[-1]) + 1
    top, bottom, left, right = edges
    if bottom - top < height // 3 or right - left < width // 3:
        top, bottom, left, right = 0, height, 0, width
    return top + margin, bottom - margin, left + margin, right - margin


def _levels(shape: tuple[int, ...]) -> int:
    """Pyramid levels down to about 24 pixels."""
    return int(np.clip(np.log2(min(shape) / 24.0), 0, 4))
