"""The two forms of a picture that quality metrics look at: whole at a fixed size, and native pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
Luma = NDArray[np.float32]

WORKING_SIDE = 512
"""Longest side, in pixels, at which all metrics but `compression` and `resolution` are taken.

Larger pictures are averaged down to it, so that a 12-megapixel photograph and its 1-megapixel copy get
the same judgement; smaller ones stay as they are, because enlarging would add no detail.
"""

NATIVE_SIDE = 1024
"""Longest side, in pixels, of the central native crop in which coding artefacts are looked for."""


def checked(rgb: RGB) -> RGB:
    """The same (h, w, 3) uint8 array; ValueError when it is anything else or under 8 pixels a side."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"expected an (h, w, 3) uint8 RGB array, got {rgb.dtype} {rgb.shape}")
    if min(rgb.shape[:2]) < 8:
        raise ValueError(f"a picture of {rgb.shape[1]}x{rgb.shape[0]} pixels is too small to judge")
    return rgb


def at_working_size(rgb: RGB) -> RGB:
    """The picture with its longest side at most `WORKING_SIDE`, by area averaging; never enlarged."""
    height, width = rgb.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale >= 1.0:
        return np.ascontiguousarray(rgb)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def native_centre(rgb: RGB) -> RGB:
    """The central crop of at most `NATIVE_SIDE` pixels a side, at native resolution."""
    height, width = rgb.shape[:2]
    top, left = max(0, (height - NATIVE_SIDE) // 2), max(0, (width - NATIVE_SIDE) // 2)
    return rgb[top : top + NATIVE_SIDE, left : left + NATIVE_SIDE]


def luma(rgb: RGB) -> Luma:
    """Rec. 601 luma (0.299 R + 0.587 G + 0.114 B), float32 in 0–255, shape (h, w)."""
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return rgb.astype(np.float32) @ weights
