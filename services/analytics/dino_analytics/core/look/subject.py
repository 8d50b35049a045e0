"""The subject of a picture: what stands out of it, and where it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.look.cut import EVEN, Grid, cut, variety

LEAST_CONFIDENCE = 0.2


@dataclass(frozen=True, slots=True)
class Subject:
    """What stands out.

    Attributes:
        mask: bool (rows, columns) over the whole picture.
        soft: float32 (rows, columns), 0–1, how surely each patch belongs to it.
        left, top, right, bottom: in shares of the picture.
        x, y: centre of its area, in shares of the picture.
        area: share of the picture.
        confidence: 0–1.
    """

    mask: NDArray[np.bool_]
    soft: Grid
    left: float
    top: float
    right: float
    bottom: float
    x: float
    y: float
    area: float
    confidence: float


def find_subject(patches: Grid) -> Subject | None:
    """Find the subject by a normalised cut (`cut`); None where nothing stands out: a texture, or one even ground.

    Of several pieces the largest is taken, with all others that are half its size: a group.

    Args:
        patches: float32 (rows, columns, dimension), each of length 1, that cover the whole picture.
    """
    if variety(patches) < EVEN:
        return None
    found = cut(patches)
    if found is None or found.confidence < LEAST_CONFIDENCE:
        return None
    mask = largest(found.foreground)
    rows, columns = mask.shape
    y, x = np.nonzero(mask)
    return Subject(
        mask,
        np.where(mask, found.soft, np.minimum(found.soft, 0.49)).astype(np.float32),
        float(x.min()) / columns,
        float(y.min()) / rows,
        float(x.max() + 1) / columns,
        float(y.max() + 1) / rows,
        float(x.mean() + 0.5) / columns,
        float(y.mean() + 0.5) / rows,
        float(mask.mean()),
        found.confidence,
    )


def largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of a mask (four neighbours) and all that are at least half as large."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    sizes = facts[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(sizes >= 0.5 * sizes.max())
    return np.isin(labels, kept)
