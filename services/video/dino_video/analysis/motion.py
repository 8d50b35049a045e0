"""Camera movement and keyframes of each shot, from the kept pictures in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from dino_video.analysis.chunk_record import ChunkRecord
from dino_video.analysis.pictures import unpacked
from dino_video.analysis.timeline import Timeline
from dino_video.core.camera import CameraMeter, Movement, movement_of
from dino_video.core.keyframes import Candidates, Keyframe, candidate, choose_keyframes
from dino_video.core.shots.boundaries import ShotSpan


@dataclass(frozen=True)
class ShotMotion:
    """What the pictures of a shot told.

    Attributes:
        movement: of its camera.
        activity: how much moves at all, as ``CameraTrace.activity``.
        keyframes: the frames that stand for it, at least one.
    """

    span: ShotSpan
    movement: Movement
    activity: float
    keyframes: tuple[Keyframe, ...]


class MotionBuilder:
    """Takes the chunks' pictures in order; holds the shot under way alone."""

    def __init__(self, timeline: Timeline) -> None:
        """Start before the first frame."""
        self._timeline = timeline
        self._number = 0
        self._meter, self._candidates = CameraMeter(), Candidates()
        self.found: list[ShotMotion] = []

    def add(self, start: int, record: ChunkRecord, stop: Callable[[], bool] = lambda: False) -> None:
        """Take the next chunk, whose first frame has the number ``start``; ``stop`` ends it in the middle, for good."""
        shots, times = self._timeline.shots, self._timeline.times
        for number, picture in unpacked(record.pictures):
            if stop():
                return
            frame = start + number
            while self._number < len(shots) and frame >= shots[self._number].end:
                self._close()
            if self._number >= len(shots):
                return
            shot = shots[self._number]
            # Where a transition mixes two shots neither camera can be told.
            if shot.stable_first <= frame < shot.stable_end or shot.stable_first >= shot.stable_end:
                time = float(times[frame])
                self._meter.add(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8), time)
                self._candidates.add(candidate(frame, time, picture))

    def finish(self) -> list[ShotMotion]:
        """Close the last shots and return all."""
        while self._number < len(self._timeline.shots):
            self._close()
        return self.found

    def _close(self) -> None:
        shot = self._timeline.shots[self._number]
        found = self._candidates.all()
        start, end = float(shot.start_time), float(shot.end_time)
        if found:
            keyframes = tuple(choose_keyframes(found, start, end))
        else:
            # Too short to hold a kept picture: its middle frame stands for it.
            middle = (shot.first + shot.end) // 2
            keyframes = (Keyframe(middle, float(self._timeline.times[middle]), 1.0, 1.0, 1.0),)
        trace = self._meter.trace()
        self.found.append(ShotMotion(shot, movement_of(trace), trace.activity, keyframes))
        self._meter, self._candidates = CameraMeter(), Candidates()
        self._number += 1
