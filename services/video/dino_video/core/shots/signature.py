"""The small picture of a frame that boundaries are found in, and its descriptors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dino_video.core.decode.planes import Plane

WIDTH, HEIGHT = 48, 27
THUMBNAIL = Plane("rgb", exact=(WIDTH, HEIGHT))

# Cells for the coarse picture (rows × columns of pixels) and for the histograms of gradients.
_CELL = (3, 4)
_GRADIENT_CELLS = (3, 4)
_ORIENTATIONS = 8
_LUMA = np.array([0.299, 0.587, 0.114], np.float32) / 255

Floats = NDArray[np.float32]


def luma(thumbnails: NDArray[np.uint8]) -> Floats:
    """Return luma 0–1 [n, 27, 48] of thumbnails [n, 27, 48, 3] (ITU-R BT.601 weights)."""
    return np.asarray(thumbnails.astype(np.float32) @ _LUMA, np.float32)


def unit(vectors: Floats) -> Floats:
    """Return rows of length 1 from [n, d]; rows of zeros stay zeros."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def coarse(thumbnails: NDArray[np.uint8]) -> Floats:
    """Return means of 3×4 pixels, 0–1, [n, 108, 3]: what small motion hardly changes."""
    rows, columns = _CELL
    cells = thumbnails.astype(np.float32).reshape(-1, HEIGHT // rows, rows, WIDTH // columns, columns, 3)
    return cells.mean(axis=(2, 4)).reshape(len(thumbnails), -1, 3) / 255


def structure(brightness: Floats) -> Floats:
    """Return luma with mean 0 and length 1 [n, 1296]: inner products are normalised correlations."""
    flat = brightness.reshape(len(brightness), -1)
    return unit(flat - flat.mean(axis=1, keepdims=True))


def palette(thumbnails: NDArray[np.uint8]) -> Floats:
    """Return roots of 8×8×8 colour histograms [n, 512]: inner products are Bhattacharyya coefficients."""
    levels = (thumbnails >> 5).astype(np.int64)
    bins = (levels[..., 0] * 64 + levels[..., 1] * 8 + levels[..., 2]).reshape(len(thumbnails), -1)
    bins += np.arange(len(thumbnails))[:, None] * 512
    counts = np.bincount(bins.ravel(), minlength=512 * len(thumbnails)).reshape(-1, 512)
    return np.sqrt(counts / np.float32(WIDTH * HEIGHT)).astype(np.float32)


def gradients(brightness: Floats) -> tuple[Floats, Floats]:
    """Return histograms of gradient directions in 3×4 cells [n, 96], length 1, and mean magnitude [n].

    As HOG (Dalal and Triggs 2005) without its block normalisation: a change of light leaves them alone.
    """
    down = np.zeros_like(brightness)
    across = np.zeros_like(brightness)
    down[:, 1:-1] = brightness[:, 2:] - brightness[:, :-2]
    across[:, :, 1:-1] = brightness[:, :, 2:] - brightness[:, :, :-2]
    size = np.hypot(down, across)
    angle = (np.arctan2(down, across) * (_ORIENTATIONS / np.pi)).astype(np.int64) % _ORIENTATIONS
    rows, columns = _GRADIENT_CELLS
    cell = (np.arange(HEIGHT) * rows // HEIGHT)[:, None] * columns + np.arange(WIDTH) * columns // WIDTH
    count = rows * columns * _ORIENTATIONS
    bins = cell[None] * _ORIENTATIONS + angle + np.arange(len(brightness))[:, None, None] * count
    sums = np.bincount(bins.ravel(), weights=size.ravel(), minlength=count * len(brightness))
    return unit(sums.reshape(-1, count).astype(np.float32)), size.mean(axis=(1, 2))
