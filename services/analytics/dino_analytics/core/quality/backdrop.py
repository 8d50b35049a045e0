"""The white backdrop of a product picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.quality.picture import Luma

WHITE = 250.0
"""Luma (0–255) from which a pixel counts as white."""
SIDE_SHARE = 0.6
"""Least share of white among the outermost pixels of each of the four sides when a backdrop is there."""
NEARLY_WHITE, NEARLY_SHARE = 225.0, 0.2
"""A backdrop stands apart: pixels from 225 to white are at most this share of the white ones."""
CORE, CORE_SHARE = 9, 0.6
"""A backdrop is solid: this share of it stays when half a kernel of 9 pixels is taken off its outline."""
LEAST_SUBJECT = 0.1
"""Least share of the picture that must remain: an all-white picture has no subject to judge."""


def white_backdrop(luma: Luma) -> NDArray[np.bool_]:
    """Where a picture shows a white backdrop: (h, w) booleans, all False when it has none.

    White regions that reach the edge, when all four sides are mostly white and few pixels are nearly white, as
    they would be in an overexposed scene. A subject in front of white is judged by its own tones: the white
    was chosen and no detail was lost in it.
    `luma` (h, w) float32 in 0–255.
    """
    white = luma >= WHITE
    sides = (white[0], white[-1], white[:, 0], white[:, -1])
    none = np.zeros(luma.shape, dtype=np.bool_)
    if min(float(side.mean()) for side in sides) < SIDE_SHARE:
        return none
    if np.count_nonzero((luma >= NEARLY_WHITE) & ~white) > NEARLY_SHARE * np.count_nonzero(white):
        return none
    _, labels = cv2.connectedComponents(white.astype(np.uint8), connectivity=4)
    outer = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    found = np.isin(labels, outer[outer != 0])
    core = cv2.erode(found.astype(np.uint8), np.ones((CORE, CORE), dtype=np.uint8))
    solid = np.count_nonzero(core) >= CORE_SHARE * np.count_nonzero(found)
    return found if solid and found.mean() <= 1.0 - LEAST_SUBJECT else none
