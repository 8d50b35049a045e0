"""A chunk's thumbnails and times as bytes: what a job keeps, so that another worker goes on where one died."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.shots.signature import HEIGHT, THUMBNAIL, WIDTH


@dataclass(frozen=True)
class KeptThumbnails:
    """Thumbnails uint8 [n, 27, 48, 3] of a chunk, and the exact time of each in seconds.

    Fed to ``LearnedDetector.add`` chunk after chunk they give what one pass over the film gives.
    """

    times: tuple[Fraction, ...]
    thumbnails: NDArray[np.uint8]

    def pack(self) -> bytes:
        """Return it as bytes: times as whole numbers over their common denominator, thumbnails compressed."""
        base = math.lcm(*(time.denominator for time in self.times)) if self.times else 1
        ticks = np.array([int(time * base) for time in self.times], np.int64)
        file = BytesIO()
        np.savez_compressed(file, base=np.int64(base), ticks=ticks, thumbnails=self.thumbnails)
        return file.getvalue()


def unpack(data: bytes) -> KeptThumbnails:
    """Read what ``pack`` wrote.

    Raises:
        ValueError: other bytes.
    """
    with np.load(BytesIO(data), allow_pickle=False) as found:
        base = int(found["base"])
        return KeptThumbnails(tuple(Fraction(int(tick), base) for tick in found["ticks"]), found["thumbnails"])


class ThumbnailKeeper:
    """Keeps the thumbnails of one chunk: 3.9 kB a frame, so about 6 MB a minute."""

    def __init__(self) -> None:
        """Start with none."""
        self._times: list[Fraction] = []
        self._thumbnails: list[NDArray[np.uint8]] = []

    @property
    def planes(self) -> tuple[Plane, ...]:
        """The thumbnail."""
        return (THUMBNAIL,)

    def take(self, frame: Frame) -> None:
        """Keep the next frame's."""
        self._times.append(frame.time)
        self._thumbnails.append(frame.planes[THUMBNAIL])

    def finish(self) -> KeptThumbnails:
        """Return what was kept."""
        empty = np.zeros((0, HEIGHT, WIDTH, 3), np.uint8)
        return KeptThumbnails(tuple(self._times), np.stack(self._thumbnails) if self._thumbnails else empty)
