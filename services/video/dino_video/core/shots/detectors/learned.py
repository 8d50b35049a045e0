"""The default detector: engineered features of small thumbnails and a small temporal network over them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.shots.boundaries import Boundary
from dino_video.core.shots.decision import decide, spread
from dino_video.core.shots.detectors.interface import DetectorOptions
from dino_video.core.shots.scoring import Scorer
from dino_video.core.shots.signature import THUMBNAIL

# Frames a second that the network was trained at; faster films are analysed every second, third, … frame.
_LEARNED_RATE = 30


class LearnedDetector:
    """Finds cuts, dissolves, fades and wipes; memory does not grow with the film but for the scores of its frames."""

    def __init__(self, options: DetectorOptions) -> None:
        """Make one for one film."""
        self._threshold = options.threshold
        self.stride = stride_for(options.rate)
        self._scorer = Scorer()
        self._count = 0
        self._steps: list[float] = []
        self._before: NDArray[np.uint8] | None = None

    @property
    def planes(self) -> tuple[Plane, ...]:
        """The thumbnail."""
        return (THUMBNAIL,)

    def take(self, frame: Frame) -> None:
        """Take the next frame."""
        self.add(frame.planes[THUMBNAIL])

    def add(self, thumbnail: NDArray[np.uint8]) -> None:
        """Take the next frame's thumbnail, uint8 [27, 48, 3]: the same as ``take``, from kept thumbnails."""
        if self._count % self.stride == 0:
            self._scorer.add(thumbnail)
        if self.stride > 1:
            self._steps.append(_step(self._before, thumbnail))
            self._before = thumbnail
        self._count += 1

    def finish(self) -> list[Boundary]:
        """Return the film's boundaries."""
        found = decide(self._scorer.finish(), self._threshold)
        if self.stride == 1:
            return found
        return [self._placed(item) for item in spread(found, self.stride)]

    def _placed(self, item: Boundary) -> Boundary:
        """Put a cut that was seen between two analysed frames where the picture changes most between them."""
        if item.kind != "cut":
            return Boundary(item.kind, item.first, min(item.last, self._count - 1), item.score, item.kind_confidence)
        first = max(item.first - self.stride + 1, 1)
        at = first + int(np.argmax(self._steps[first : item.first + 1]))
        return Boundary("cut", at, at, item.score)


def stride_for(rate: Fraction) -> int:
    """Return every how many frames are analysed: 1 up to 44 frames a second, 2 for 48 to 74, …"""
    return max(1, round(rate / _LEARNED_RATE))


def _step(before: NDArray[np.uint8] | None, now: NDArray[np.uint8]) -> float:
    return 0.0 if before is None else float(np.abs(now.astype(np.int16) - before).mean())
