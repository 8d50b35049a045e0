"""The picture of the self-test: made by formula, so that it needs no file and is the same on every
machine."""

from __future__ import annotations

import numpy as np

from dino_inference.core.card import ImageSpec


def golden_pixels(spec: ImageSpec) -> np.ndarray:
    """Draw "waves-v1" at the model's input size: uint8 (height, width, 3).

    Each channel is a triangle wave along its own direction with its own period, in whole numbers only, so
    that no platform's rounding can change a pixel. It has edges, slopes, colours and repeated structure.
    """
    height, width = spec.input_size
    row, column = np.mgrid[0:height, 0:width].astype(np.int64)
    phases = (
        (3 * row + 7 * column, 97),
        (11 * row - 5 * column, 131),
        (2 * row * column // 64 + 13 * row, 157),
    )
    channels = [np.abs((phase % (2 * period)) - period) * 255 // period for phase, period in phases]
    return np.stack(channels, axis=-1).astype(np.uint8)
