"""Anchor centres of single-shot detectors: where on the input each row of a detector's answer lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def centres(side: int, layers: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    """Return float32 (n, 2), x and y in shares of the input's side.

    A layer of stride s has a cell for every s pixels, and so many anchors in the middle of each; cells go by rows. All
    anchors have the size of the input, so that their centres are all there is to know (Bazarevsky et al., "BlazeFace",
    2019; anchors after Liu et al., "SSD", ECCV 2016).

    Args:
        side: of the square input, pixels.
        layers: stride in pixels and anchors a cell, in the order of the detector's rows.
    """
    parts = []
    for stride, anchors in layers:
        cells = -(-side // stride)
        middle = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(middle, middle)
        parts.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), anchors, axis=0))
    return np.concatenate(parts)
