"""What a plain comparison of pixels makes of the same pairs: one homography, one gain for each channel, a threshold."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.continuity.alignment import keypoint_matches
from dino_analytics.core.continuity.light import lab

Box = tuple[float, float, float, float]
_GRID = 32


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
    """ΔE of the second picture, warped onto the first, for each of 32 × 32 cells; 0 where it shows nothing."""
    height, width = first.shape[:2]
    scale = np.array([width, height], np.float32)
    here, there = keypoint_matches(first, second)
    warp = None
    if len(here) >= 8:
        warp, _ = cv2.findHomography(there * scale, here * scale, cv2.RANSAC, 4.0)
    if warp is None:
        warp = np.eye(3)
    moved = cv2.warpPerspective(second, warp, (width, height))
    seen = cv2.warpPerspective(np.full((height, width), 255, np.uint8), warp, (width, height)) > 250
    if not seen.any():
        return np.zeros((_GRID, _GRID), np.float32)
    gain = np.median(first[seen].astype(np.float64), 0) / np.maximum(np.median(moved[seen].astype(np.float64), 0), 1)
    apart = np.linalg.norm(lab(first.astype(np.float32)) - lab(np.clip(moved * gain, 0, 255)), axis=-1) * seen
    return np.asarray(cv2.resize(apart.astype(np.float32), (_GRID, _GRID), interpolation=cv2.INTER_AREA), np.float32)


def strongest(apart: NDArray[np.float32]) -> tuple[float, Box]:
    """The largest smoothed ΔE, and the box in shares of the region around it that has half of it or more."""
    smooth = cv2.blur(apart, (3, 3))
    row, column = np.unravel_index(int(smooth.argmax()), smooth.shape)
    peak = float(smooth[row, column])
    _, labels = cv2.connectedComponents((smooth >= 0.5 * peak).astype(np.uint8))
    down, across = np.nonzero(labels == labels[row, column])
    edges = across.min() / _GRID, down.min() / _GRID, (across.max() + 1) / _GRID, (down.max() + 1) / _GRID
    left, top, right, bottom = (float(edge) for edge in edges)
    return peak, (left, top, right, bottom)
