"""Frame coordinates in units of the frame's width, around its centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def centred(points: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.complex128]:
    """Pixels (n, 2) as complex x + iy in frame widths, the centre of the frame at 0, y downwards."""
    height, width = shape[:2]
    x = (points[:, 0].astype(np.float64) - 0.5 * (width - 1)) / width
    y = (points[:, 1].astype(np.float64) - 0.5 * (height - 1)) / width
    return x + 1j * y


EDGE = 0.5
"""Distance of the left and right edges from the centre, in frame widths.

It turns a rate of zoom or of roll into the speed of a pixel there, comparable with that of a pan.
"""
