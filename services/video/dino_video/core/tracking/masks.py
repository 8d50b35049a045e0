"""Masks as small as they travel: PNG of one bit, or runs."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

LONG_SIDE = 1024


def mask_size(width: int, height: int) -> tuple[int, int]:
    """Height and width of a mask for a film of this size: its own, at most 1,024 pixels on the longer side."""
    scale = min(1.0, LONG_SIDE / max(width, height))
    return max(1, round(height * scale)), max(1, round(width * scale))


def png(mask: NDArray[np.bool_]) -> str:
    """A mask (h, w) as PNG of one bit a pixel, in base64."""
    # Of a mask all the bytes are runs: the strategy for pictures would find none.
    how = [cv2.IMWRITE_PNG_BILEVEL, 1, cv2.IMWRITE_PNG_COMPRESSION, 6]
    how += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT]
    _, data = cv2.imencode(".png", mask.astype(np.uint8) * 255, how)
    return base64.b64encode(data.tobytes()).decode()


def runs(mask: NDArray[np.bool_]) -> list[int]:
    """Lengths of the runs of a mask (h, w), column after column, beginning with the background.

    The uncompressed run-length encoding of the COCO API: a mask that begins with the object begins with 0.
    """
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    bounds = np.concatenate([[0], edges, [flat.size]])
    lengths = np.diff(bounds).tolist()
    return [0, *lengths] if flat.size and flat[0] else lengths
