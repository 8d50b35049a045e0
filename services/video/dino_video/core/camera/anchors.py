"""Cells of the frame that stand still: the background behind subjects that fill most of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.points import Points, cell_of

Bools = NDArray[np.bool_]

STILL_STEP, STILL_WAY = 0.3, 0.6
"""Pixels (of 320 across) that a still point may move in a step, and since its window began."""
STILL_FOR = 0.3
"""Seconds that a cell must have stood still to be an anchor."""
LEAST_SHARE, LEAST_QUARTERS = 0.12, 3
"""Anchors tell the camera's motion when they are this share of the points, in so many quarters of the frame."""
LEAST_EXTENT = 0.2
"""…and lie so far from their middle, root mean square, in frame widths (0.33 when all over the frame)."""


@dataclass(slots=True)
class Anchors:
    """Seconds for which each cell of the frame has stood still.

    A camera that moves leaves no textured cell at rest for long; a subject before a resting camera leaves
    the cells around it so. Where enough cells rest, they alone tell the camera's motion.
    """

    _rested: dict[int, float] = field(default_factory=dict)

    def update(self, origin: Points, before: Points, after: Points, width: int, step: float) -> Bools:
        """Take the next pair of points (n, 2) into account; which of them are anchors now, booleans (n,).

        `origin` where the points were when they were first seen; `width` of the frame in pixels; `step`
        seconds from `before` to `after`. All False when the anchors are too few to speak for the camera.
        """
        pixel = width / 320.0
        moved = np.linalg.norm(after - before, axis=1)
        away = np.linalg.norm(after - origin, axis=1)
        # Small frames do not locate points any better than by a third of their own pixels.
        still = (moved <= max(STILL_STEP * pixel, 0.35)) & (away <= max(STILL_WAY * pixel, 0.8))
        cells = cell_of(before, width)
        rested = {int(cell): self._rested.get(int(cell), 0.0) + step for cell in cells[still]}
        self._rested = rested
        anchored = still & np.array([rested.get(int(cell), 0.0) >= STILL_FOR for cell in cells], dtype=np.bool_)
        if len(anchored) == 0 or anchored.mean() < LEAST_SHARE:
            return np.zeros(len(cells), dtype=np.bool_)
        return anchored


def all_over(points: NDArray[np.complex128], least_quarters: int) -> bool:
    """Whether points, complex (n,) around the centre, lie all over the frame and not where one subject may stand."""
    quarters = {(bool(point.real > 0), bool(point.imag > 0)) for point in points}
    return len(quarters) >= least_quarters and float(np.std(points)) >= LEAST_EXTENT
