"""The frame half way between two others, by optical flow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]

LEAST_SIDE = 32
"""Pixels; the search is not made for smaller frames, and OpenCV's reads beyond those under 16."""
AGREE = 1.5
"""Pixels by which forward and backward flow may differ where both frames are believed."""


def between(first: Frame, second: Frame) -> Frame:
    """The frame half way in time: uint8 of the same shape, (h, w) or (h, w, 3).

    Dense inverse search flow (Kroeger et al., ECCV 2016) both ways, halved; each frame is warped half way and
    the two are averaged. Where the flows disagree (something is covered or comes into view) the frame
    whose flow is smaller has more say, and without any flow it is the plain average.
    """
    if first.shape != second.shape:
        raise ValueError(f"expected two frames of one shape, got {first.shape} and {second.shape}")
    height, width = first.shape[:2]
    if min(height, width) < LEAST_SIDE:
        return np.ascontiguousarray(between(_wider(first), _wider(second))[:height, :width])
    one, two = _grey(first), _grey(second)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    forward = np.asarray(search.calc(one, two, np.empty(0, np.float32)), dtype=np.float32)
    backward = np.asarray(search.calc(two, one, np.empty(0, np.float32)), dtype=np.float32)
    from_first = _shifted(first, -0.5 * forward)
    from_second = _shifted(second, -0.5 * backward)
    returned = _shifted(backward, forward)
    doubt = np.linalg.norm(forward + returned, axis=2) > AGREE
    still = np.linalg.norm(forward, axis=2) <= np.linalg.norm(backward, axis=2)
    weight = np.where(doubt, np.where(still, 0.75, 0.25), 0.5).astype(np.float32)
    weight = weight[..., None] if first.ndim == 3 else weight
    return np.asarray(np.rint(weight * from_first + (1.0 - weight) * from_second), dtype=np.uint8)


def _wider(frame: Frame) -> Frame:
    """The frame with its last row and column repeated up to the least side."""
    more = [max(0, LEAST_SIDE - side) for side in frame.shape[:2]]
    still = [(0, 0)] * (frame.ndim - 2)
    return np.pad(frame, [(0, more[0]), (0, more[1]), *still], mode="edge")


def _grey(frame: Frame) -> Frame:
    return frame if frame.ndim == 2 else np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _shifted(values: NDArray[np.generic], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values (h, w[, c]) read at each pixel plus the flow."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    source = values.astype(np.float32)
    read = cv2.remap(source, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, dtype=np.float32)
