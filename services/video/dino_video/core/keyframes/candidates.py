"""Frames of a shot that may become keyframes, thinned as the shot goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_video.core.keyframes.sharpness import tenengrad

MOST = 48
"""Candidates kept of a shot; when there are more, every second one goes, but the sharper of two neighbours stays."""
GRID = (9, 16)
"""Rows and columns of the thumbnail that stands for a frame's content."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A frame: its `index` in the film, `time` in seconds, `sharpness` (`tenengrad`), `content` float32 (432,)
    CIELAB thumbnail of 9×16 cells, mean luma `light` and its standard deviation `detail`, 0–255."""

    index: int
    time: float
    sharpness: float
    content: NDArray[np.float32]
    light: float
    detail: float


def candidate(index: int, time: float, rgb: NDArray[np.uint8]) -> Candidate:
    """Measure a small frame: (h, w, 3) uint8 RGB, at least 16×9 pixels."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"expected an (h, w, 3) uint8 RGB frame, got {rgb.dtype} {rgb.shape}")
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    small = cv2.resize(rgb, (GRID[1], GRID[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.float32)
    return Candidate(index, time, tenengrad(grey), lab.ravel(), float(grey.mean()), float(grey.std()))


@dataclass(slots=True)
class Candidates:
    """Collects candidates of one shot in bounded memory, spread evenly over it."""

    most: int = MOST
    _kept: list[Candidate] = field(default_factory=list)
    _stride: int = 1
    _seen: int = 0
    _best: Candidate | None = None

    def add(self, frame: Candidate) -> None:
        """Take the next frame of the shot into account; of each run of frames the sharpest stays."""
        if self._best is None or frame.sharpness > self._best.sharpness:
            self._best = frame
        self._seen += 1
        if self._seen % self._stride:
            return
        self._kept.append(self._best)
        self._best = None
        if len(self._kept) >= self.most:
            pairs = zip(self._kept[::2], self._kept[1::2], strict=False)
            self._kept = [max(pair, key=lambda one: one.sharpness) for pair in pairs]
            self._stride *= 2

    def all(self) -> list[Candidate]:
        """What is kept, in order of time; empty when nothing was added."""
        return [*self._kept, self._best] if self._best is not None else list(self._kept)
