"""Boxes and masks as labels of patches, and back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_video.core.tracking.features import Features, Labels, centred, scene_mean

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in shares of the frame, 0–1."""

REFINE_NEIGHBOURS = 3
REFINE_ROUNDS = 3
LEAST_OBJECT = 0.15
"""Share of a box's patches that refining must leave: less would be a guess at a corner of the object."""
LARGE_PART = 0.25
"""Parts of a mask smaller than this share of the largest are taken for noise."""


def box_labels(box: Box, grid: tuple[int, int]) -> Labels:
    """How much of each patch a box covers: float32 (rows, columns), 0–1.

    Raises ValueError for a box outside the frame or without area.
    """
    left, top, right, bottom = box
    if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
        raise ValueError(f"a box is left < right and top < bottom in 0–1, got {box}")
    rows, columns = grid
    down = _overlap(top * rows, bottom * rows, rows)
    across = _overlap(left * columns, right * columns, columns)
    return np.outer(down, across).astype(np.float32)


def mask_labels(mask: NDArray[np.generic], grid: tuple[int, int]) -> Labels:
    """How much of each patch a mask covers: float32 (rows, columns), 0–1, from (h, w) booleans or 0/1.

    Raises ValueError for an empty mask or another shape.
    """
    if mask.ndim != 2 or not mask.any():
        raise ValueError(f"expected an (h, w) mask with a set pixel, got shape {mask.shape}")
    shares = cv2.resize((mask != 0).astype(np.float32), (grid[1], grid[0]), interpolation=cv2.INTER_AREA)
    labels = np.asarray(shares, dtype=np.float32)
    # A small object still has its patches, also where it lies across their borders.
    return np.asarray(labels / labels.max(), dtype=np.float32)


def refine_box_labels(labels: Labels, features: Features) -> Labels:
    """Labels of a box with the background in its corners taken out.

    A patch inside stays as far as it looks more like the middle of the box than like what lies around the
    box: means of the three best cosines, repeated three times with the patches that stayed. Returned
    unchanged where little would be left, or where the box leaves no background to compare with.
    `labels` (rows, columns) from `box_labels`; `features` (rows, columns, d).
    """
    inside, outside = labels >= 0.5, labels == 0.0
    if np.count_nonzero(inside) < 4 or np.count_nonzero(outside) < REFINE_NEIGHBOURS:
        return labels
    flat = centred(features, scene_mean(features))
    core = _core(inside)
    kept = core
    for _ in range(REFINE_ROUNDS):
        like = _best(flat[inside] @ flat[kept].T) - _best(flat[inside] @ flat[outside].T)
        fresh = np.zeros_like(inside)
        fresh[inside] = like > 0.0
        fresh |= core & inside
        if (fresh == kept).all():
            break
        kept = fresh
    if np.count_nonzero(kept) < LEAST_OBJECT * np.count_nonzero(inside):
        return labels
    return np.asarray(np.where(kept, labels, 0.0), dtype=np.float32)


def patch_mask(labels: Labels, size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask of (height, width) pixels from patch labels (rows, columns): bilinear, from 0.5 on."""
    large = cv2.resize(labels, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large) >= 0.5


def labels_box(labels: Labels, scale: int = 8) -> Box | None:
    """The box around the labelled part of a grid, with sub-patch edges; None where nothing is labelled.

    Parts far smaller than the largest are left out. `labels` (rows, columns) 0–1.
    """
    rows, columns = labels.shape
    mask = patch_mask(labels, (rows * scale, columns * scale))
    if not mask.any():
        return None
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    large = 1 + np.flatnonzero(areas >= LARGE_PART * areas.max())
    kept = np.isin(parts, large)
    across, down = np.flatnonzero(kept.any(axis=0)), np.flatnonzero(kept.any(axis=1))
    height, width = rows * scale, columns * scale
    return across[0] / width, down[0] / height, (across[-1] + 1) / width, (down[-1] + 1) / height


def _overlap(first: float, last: float, count: int) -> NDArray[np.float64]:
    edges = np.arange(count, dtype=np.float64)
    return np.clip(np.minimum(last, edges + 1) - np.maximum(first, edges), 0.0, 1.0)


def _core(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The middle half of the inside, by width and height."""
    rows, columns = np.nonzero(inside)
    down, across = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    high, wide = max(1.0, np.ptp(rows) / 4 + 0.5), max(1.0, np.ptp(columns) / 4 + 0.5)
    y, x = np.indices(inside.shape)
    return inside & (np.abs(y - down) <= high) & (np.abs(x - across) <= wide)


def _best(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    count = min(REFINE_NEIGHBOURS, cosines.shape[1])
    return np.partition(cosines, cosines.shape[1] - count, axis=1)[:, -count:].mean(axis=1)
