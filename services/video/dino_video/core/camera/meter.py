"""Camera motion of a shot, frame by frame, in memory that does not grow with the picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.anchors import Anchors
from dino_video.core.camera.pair import PairMotion, pair_motion
from dino_video.core.camera.parallax import Parallax, parallax
from dino_video.core.camera.points import Grey, Points, calmed, corners, follow
from dino_video.core.camera.units import centred

LEAST_STEP = 1 / 16.5
"""Seconds between measured frames: hand shake lies below 8 Hz, and 25 or 30 frames/s would cost twice."""
WINDOW_MOTION, WINDOW_SECONDS = 0.07, 2.0
"""A window of parallax ends at this median displacement (frame widths), or after this time."""
LEAST_FOUND = 0.25
"""Share of the points that must be found again: those few that are found by chance agree by chance."""
KEPT = 0.55
"""Share of a window's points that must still be followed; below it, new ones are taken."""
DARK, FLAT = 10.0, 2.5
"""Mean and standard deviation of luma (0–255) at and under which a frame shows nothing to follow."""


@dataclass(frozen=True, slots=True)
class CameraTrace:
    """All that was measured of a shot: motions in time order, parallax windows, and what failed.

    `dark` and `flat` count frames without light or without texture; `frames` all measured ones; `duration`
    seconds from the first to the last; `start` time of the first frame.
    """

    pairs: tuple[PairMotion, ...]
    windows: tuple[Parallax, ...]
    frames: int
    dark: int
    flat: int
    duration: float
    start: float


@dataclass(slots=True)
class _Window:
    origin: Points
    now: Points
    began: float
    count: int


@dataclass(slots=True)
class CameraMeter:
    """Takes a shot's frames one at a time; keeps one frame and some numbers a measured pair.

    Frames are uint8 (h, w) grey of one size, 160 to 320 pixels wide; times are seconds, rising.
    Frames nearer than `least_step` to the last measured one are skipped.
    """

    least_step: float = LEAST_STEP
    _pairs: list[PairMotion] = field(default_factory=list)
    _windows: list[Parallax] = field(default_factory=list)
    _window: _Window | None = None
    _anchors: Anchors = field(default_factory=Anchors)
    _frame: Grey | None = None
    _time: float = 0.0
    _start: float = 0.0
    _frames: int = 0
    _dark: int = 0
    _flat: int = 0

    def add(self, frame: Grey, time: float) -> None:
        """Measure the next frame. Raises ValueError for another shape or type, or a time that falls."""
        if frame.dtype != np.uint8 or frame.ndim != 2:
            raise ValueError(f"expected a grey uint8 frame, got {frame.dtype} {frame.shape}")
        if self._frame is None:
            self._start = time
        elif frame.shape != self._frame.shape:
            raise ValueError(f"frames of one shot have one size, got {frame.shape} after {self._frame.shape}")
        elif time < self._time:
            raise ValueError(f"times must rise, got {time} after {self._time}")
        elif time - self._time < self.least_step:
            return
        self._count(frame)
        calm = calmed(frame)
        if self._frame is not None:
            self._measure(self._frame, calm, time)
        if self._window is None:
            found = corners(calm)
            self._window = _Window(found, found, time, len(found))
        self._frame, self._time = calm, time

    def trace(self) -> CameraTrace:
        """What was measured so far."""
        windows = [*self._windows]
        if self._window is not None and self._frame is not None and (last := self._parallax(self._window)):
            windows.append(last)
        return CameraTrace(
            pairs=tuple(self._pairs),
            windows=tuple(windows),
            frames=self._frames,
            dark=self._dark,
            flat=self._flat,
            duration=self._time - self._start,
            start=self._start,
        )

    def _count(self, frame: Grey) -> None:
        self._frames += 1
        mean, deviation = float(frame.mean()), float(frame.std())
        self._dark += mean <= DARK
        self._flat += mean > DARK and deviation <= FLAT

    def _measure(self, before: Grey, after: Grey, time: float) -> None:
        window = self._window
        assert window is not None
        shape = before.shape
        there, found = follow(before, after, window.now)
        step = time - self._time
        anchored = self._anchors.update(window.origin[found], window.now[found], there[found], shape[1], step)
        motion = pair_motion(
            centred(window.now[found], shape),
            centred(there[found], shape),
            time=time,
            step=step,
            pixel=1.0 / shape[1],
            anchors=anchored,
        )
        if len(found) == 0 or found.mean() < LEAST_FOUND:
            motion = PairMotion(time=time, step=step, points=motion.points)
        self._pairs.append(motion)
        followed = _Window(window.origin[found], there[found], window.began, window.count)
        lost = len(followed.now) < KEPT * window.count or not found.any()
        moved = _median_shift(followed, shape) if found.any() else 0.0
        if lost or not motion.known or moved >= WINDOW_MOTION or time - window.began >= WINDOW_SECONDS:
            if motion.known and (measured := self._parallax(followed)):
                self._windows.append(measured)
            self._window = None
        else:
            self._window = followed

    def _parallax(self, window: _Window) -> Parallax | None:
        assert self._frame is not None
        shape = self._frame.shape
        return parallax(centred(window.origin, shape), centred(window.now, shape))


def _median_shift(window: _Window, shape: tuple[int, ...]) -> float:
    """Median displacement of the followed points since the window began, in frame widths."""
    return float(np.median(np.abs(centred(window.now, shape) - centred(window.origin, shape))))


def trace_of(frames: Iterable[Grey] | NDArray[np.uint8], times: Iterable[float]) -> CameraTrace:
    """The trace of a whole shot: uint8 (n, h, w) frames and their n times in seconds."""
    meter = CameraMeter()
    for frame, time in zip(frames, times, strict=True):
        meter.add(frame, time)
    return meter.trace()
