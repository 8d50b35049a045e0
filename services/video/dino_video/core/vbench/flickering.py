"""Does the picture flicker?"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_video.core.vbench.timeline import Measure

Frame = NDArray[np.uint8]


def temporal_flickering(frames: Iterable[Frame]) -> Measure:
    """VBench's temporal_flickering: (255 − mean |frame_t − frame_{t+1}|)/255, mean over neighbours.

    Huang et al., "VBench" (CVPR 2024). The value of frame t + 1 is the step from frame t.
    Deviations from the reference implementation: it first drops videos that move (by RAFT optical flow),
    since motion counts as flicker in this formula; here every film is measured, so a moving one scores lower
    than a still one, and takes frames at their full size; smaller frames, as the caller may give, average
    noise away and score slightly higher.
    `frames` uint8 of one shape, (h, w) or (h, w, 3), two or more; only two are held at a time.
    """
    numbers: list[int] = []
    values: list[float] = []
    before: Frame | None = None
    for number, frame in enumerate(frames):
        if before is not None:
            if frame.shape != before.shape:
                raise ValueError(f"frames of one film have one shape, got {frame.shape} after {before.shape}")
            numbers.append(number)
            values.append(closeness(before, frame))
        before = frame
    return Measure.of(numbers, values)


def closeness(one: Frame, other: Frame) -> float:
    """(255 − mean absolute difference)/255 of two uint8 frames of one shape; 1 when they are equal."""
    return (255.0 - float(np.mean(cv2.absdiff(one, other), dtype=np.float64))) / 255.0
