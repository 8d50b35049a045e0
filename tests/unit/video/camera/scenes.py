"""Moves over a generated texture that can be followed everywhere."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
WIDTH, HEIGHT = 192, 108
RATE = 20.0


def texture(seed: int = 0, side: int = 512) -> Grey:
    """Blobs of several sizes: corners everywhere."""
    random = np.random.default_rng(seed)
    total = np.zeros((side, side))
    for sigma in (2.0, 5.0, 12.0):
        part = cv2.GaussianBlur(random.standard_normal((side, side)), (0, 0), sigma)
        total += part / part.std()
    return np.clip(128 + 38 * total, 0, 255).astype(np.uint8)


def view(picture: Grey, x: float = 0.0, y: float = 0.0, zoom: float = 1.0, roll: float = 0.0) -> Grey:
    """What a camera at x, y (frame widths right and down) sees, zoomed in and rolled clockwise by degrees."""
    angle = np.radians(roll)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    u, v = (columns - WIDTH / 2) / zoom, (rows - HEIGHT / 2) / zoom
    across = np.cos(angle) * u - np.sin(angle) * v + x * WIDTH + picture.shape[1] / 2
    down = np.sin(angle) * u + np.cos(angle) * v + y * WIDTH + picture.shape[0] / 2
    maps = across.astype(np.float32), down.astype(np.float32)
    return np.asarray(cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


def times(count: int) -> list[float]:
    return [at / RATE for at in range(count)]


def paste(frame: Grey, skin: Grey, x: float, y: float, size: int) -> Grey:
    """A square of another texture at a place in pixels."""
    out = frame.copy()
    left, top = round(x), round(y)
    height, width = out[max(top, 0) : top + size, max(left, 0) : left + size].shape
    out[max(top, 0) : top + size, max(left, 0) : left + size] = skin[:height, :width]
    return out
