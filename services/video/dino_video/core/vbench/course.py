"""Flickering and smoothness of frames as they come, so that one decoding pass serves both."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dino_video.core.vbench.flickering import closeness
from dino_video.core.vbench.interpolation import between

Frame = NDArray[np.uint8]


@dataclass(slots=True)
class PixelCourse:
    """What `temporal_flickering` and `motion_smoothness` find, frame by frame; holds two frames at most.

    `count` frames taken so far; `held` the last even one, and the odd one after it when there is one.
    """

    count: int = 0
    held: list[Frame] = field(default_factory=list)

    def take(self, frame: Frame) -> tuple[float | None, float | None]:
        """How close the next frame is to the one before it, and, every second frame, how close the one before it
        is to what is interpolated from its neighbours; both 0–1.

        Raises ValueError for a frame of another shape.
        """
        if self.held and frame.shape != self.held[-1].shape:
            raise ValueError(f"frames of one film have one shape, got {frame.shape} after {self.held[-1].shape}")
        steady = closeness(self.held[-1], frame) if self.held else None
        smooth = None
        if len(self.held) == 2:
            before, true = self.held
            smooth = closeness(between(before, frame), true)
            self.held = []
        self.held.append(frame)
        self.count += 1
        return steady, smooth
