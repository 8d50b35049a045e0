"""What every shot detector is: a consumer of one decoding pass that ends with boundaries."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.shots.boundaries import Boundary


@dataclass(frozen=True)
class DetectorOptions:
    """What every detector is made with.

    Attributes:
        threshold: above 0, below 1, on the documents' scale: 0.3 stands for each detector's own recommended
            setting, higher finds fewer boundaries.
        rate: the film's frames a second.
    """

    threshold: float = 0.3
    rate: Fraction = Fraction(25)


class ShotDetector(Protocol):
    """Takes each frame of a film in order and finds its boundaries; used once."""

    @property
    def planes(self) -> tuple[Plane, ...]:
        """What it wants each frame as."""
        ...

    def take(self, frame: Frame) -> None:
        """Take the next frame."""
        ...

    def finish(self) -> list[Boundary]:
        """Return the film's boundaries in order, in numbers of the frames taken."""
        ...
