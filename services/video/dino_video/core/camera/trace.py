"""What was measured of a film's camera, to be cut into shots, joined and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.pair import PairMotion
from dino_video.core.camera.parallax import Kind, Parallax

Arrays = dict[str, NDArray[np.float64]]

DARK, FLAT = 10.0, 2.5
"""Mean and standard deviation of luma (0–255) at and under which a frame shows nothing to follow."""
TINY = 1e-6
"""Seconds by which a time may be off by rounding."""
_KINDS: tuple[Kind, ...] = ("lateral", "radial")


@dataclass(frozen=True, slots=True)
class FrameLight:
    """`time` in seconds of a measured frame, `mean` and standard `deviation` of its luma, 0–255."""

    time: float
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class CameraTrace:
    """Measured `frames`, motions of `pairs` of them and `windows` of parallax, each in order of time."""

    frames: tuple[FrameLight, ...]
    pairs: tuple[PairMotion, ...]
    windows: tuple[Parallax, ...]

    @property
    def duration(self) -> float:
        """Seconds from the first measured frame to the last; 0 without frames."""
        return self.frames[-1].time - self.frames[0].time if self.frames else 0.0

    @property
    def dark(self) -> int:
        """Frames without light."""
        return sum(frame.mean <= DARK for frame in self.frames)

    @property
    def flat(self) -> int:
        """Frames with light and without texture."""
        return sum(frame.mean > DARK and frame.deviation <= FLAT for frame in self.frames)

    @property
    def activity(self) -> float:
        """Mean motion of the picture, camera and subjects together, in frame widths per second; 0 when not known."""
        known = [pair for pair in self.pairs if pair.known]
        return sum(pair.activity for pair in known) / sum(pair.step for pair in known) if known else 0.0

    def between(self, start: float, end: float) -> CameraTrace:
        """The part of a shot from `start` (included) to `end` (not included) in seconds.

        Pairs and windows that reach over an end belong to no shot.
        """
        first, last = start - TINY, end - TINY
        return CameraTrace(
            tuple(frame for frame in self.frames if first <= frame.time < last),
            tuple(pair for pair in self.pairs if first <= pair.time - pair.step and pair.time < last),
            tuple(window for window in self.windows if first <= window.start and window.end < last),
        )

    def arrays(self) -> Arrays:
        """The trace as float64 arrays `frames` (n, 3), `pairs` (m, 10) and `windows` (k, 7), for keeping."""
        windows = [(_KINDS.index(window.kind), *astuple(window)[1:]) for window in self.windows]
        return {
            "frames": np.array([astuple(frame) for frame in self.frames], dtype=np.float64).reshape(-1, 3),
            "pairs": np.array([astuple(pair) for pair in self.pairs], dtype=np.float64).reshape(-1, 10),
            "windows": np.array(windows, dtype=np.float64).reshape(-1, 7),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[np.float64]]) -> CameraTrace:
        """The trace that `arrays` was made of."""
        frames, pairs, windows = (arrays[name].tolist() for name in ("frames", "pairs", "windows"))
        return cls(
            tuple(FrameLight(*row) for row in frames),
            tuple(PairMotion(*row[:7], points=int(row[7]), known=bool(row[8]), activity=row[9]) for row in pairs),
            tuple(Parallax(_KINDS[int(row[0])], *row[1:]) for row in windows),
        )


def joined(traces: Iterable[CameraTrace]) -> CameraTrace:
    """One trace of chunks that follow each other; the pair from one chunk to the next is missing."""
    parts = sorted((trace for trace in traces if trace.frames), key=lambda trace: trace.frames[0].time)
    return CameraTrace(
        tuple(frame for part in parts for frame in part.frames),
        tuple(pair for part in parts for pair in part.pairs),
        tuple(window for part in parts for window in part.windows),
    )
