"""Camera motion, frame by frame, in memory that does not grow with the picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.anchors import Anchors
from dino_video.core.camera.pair import PairMotion, pair_motion
from dino_video.core.camera.parallax import Parallax, parallax
from dino_video.core.camera.points import Grey, Points, calmed, corners, follow
from dino_video.core.camera.trace import CameraTrace, FrameLight
from dino_video.core.camera.units import centred

LEAST_STEP = 1 / 16.5
"""Seconds between measured frames: hand shake lies below 8 Hz, and 25 or 30 frames/s would cost twice."""
WINDOW_MOTION, WINDOW_SECONDS = 0.07, 2.0
"""A window of parallax ends at this median displacement (frame widths), or after this time."""
LEAST_FOUND = 0.25
"""Share of the points that must be found again: those few that are found by chance agree by chance."""
KEPT = 0.55
"""Share of a window's points that must still be followed; below it, new ones are taken."""


@dataclass(slots=True)
class _Window:
    origin: Points
    now: Points
    began: float
    count: int


@dataclass(slots=True)
class CameraMeter:
    """Takes frames one at a time, of a shot or of a film with cuts; keeps one frame and some numbers a measured pair.

    At a cut the points are lost and taken anew, so a film can be measured before its shots are known: cut its trace
    with `CameraTrace.between`, and join those of chunks that were measured apart with `joined`.

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
    _frames: list[FrameLight] = field(default_factory=list)

    def add(self, frame: Grey, time: float) -> None:
        """Measure the next frame. Raises ValueError for another shape or type, or a time that falls."""
        if frame.dtype != np.uint8 or frame.ndim != 2:
            raise ValueError(f"expected a grey uint8 frame, got {frame.dtype} {frame.shape}")
        if self._frame is not None:
            if frame.shape != self._frame.shape:
                raise ValueError(f"frames of one film have one size, got {frame.shape} after {self._frame.shape}")
            if time < self._time:
                raise ValueError(f"times must rise, got {time} after {self._time}")
            if time - self._time < self.least_step:
                return
        self._frames.append(FrameLight(time, float(frame.mean()), float(frame.std())))
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
        if self._window is not None and (last := self._parallax(self._window, self._time)):
            windows.append(last)
        return CameraTrace(tuple(self._frames), tuple(self._pairs), tuple(windows))

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
            if motion.known and (measured := self._parallax(followed, time)):
                self._windows.append(measured)
            self._window = None
        else:
            self._window = followed

    def _parallax(self, window: _Window, end: float) -> Parallax | None:
        assert self._frame is not None
        shape = self._frame.shape
        before, after = centred(window.origin, shape), centred(window.now, shape)
        return parallax(before, after, start=window.began, end=end)


def _median_shift(window: _Window, shape: tuple[int, ...]) -> float:
    """Median displacement of the followed points since the window began, in frame widths."""
    return float(np.median(np.abs(centred(window.now, shape) - centred(window.origin, shape))))


def trace_of(frames: Iterable[Grey] | NDArray[np.uint8], times: Iterable[float]) -> CameraTrace:
    """The trace of a whole shot: uint8 (n, h, w) frames and their n times in seconds."""
    meter = CameraMeter()
    for frame, time in zip(frames, times, strict=True):
        meter.add(frame, time)
    return meter.trace()
