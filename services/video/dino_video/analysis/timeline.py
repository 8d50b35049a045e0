"""The film's shots, found from kept thumbnails alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from dino_video.analysis.chunk_record import ChunkRecord
from dino_video.core.decode.frames import Damage, Frame
from dino_video.core.media.facts import VideoFacts
from dino_video.core.shots.boundaries import ShotSpan, shots
from dino_video.core.shots.cues import Cues, cues_of
from dino_video.core.shots.detectors.interface import ShotDetector
from dino_video.core.shots.signature import THUMBNAIL


@dataclass(frozen=True)
class Timeline:
    """A film's frames and shots.

    Attributes:
        times: exact seconds of each frame.
        starts: number of the first frame of each chunk.
        end_time: when the last frame ends.
        shots: in order; they tile the film.
        cues: black frames and credits.
        damage: of the whole film.
    """

    times: tuple[Fraction, ...]
    starts: tuple[int, ...]
    end_time: Fraction
    shots: tuple[ShotSpan, ...]
    cues: Cues
    damage: Damage

    def flags(self, shot: ShotSpan) -> list[str]:
        """Return ``black`` and ``credits`` for a shot that is so for more than half of its frames."""
        stretches = (("black", self.cues.black), ("credits", self.cues.credits))
        found = []
        for name, runs in stretches:
            covered = sum(max(0, min(shot.end, run.last + 1) - max(shot.first, run.first)) for run in runs)
            if covered * 2 > shot.end - shot.first:
                found.append(name)
        return found


def lives_on_thumbnails(detector: ShotDetector) -> bool:
    """Return whether the kept thumbnails are all that a detector wants, so that nothing is decoded for it."""
    return all(plane == THUMBNAIL for plane in detector.planes)


@dataclass
class TimelineBuilder:
    """Takes chunks in order; holds a few numbers a frame.

    Attributes:
        facts: of the film.
        detector: finds the boundaries; it is shown the kept thumbnails when it lives on them, else it has seen the
            film's frames before ``finish``.
    """

    facts: VideoFacts
    detector: ShotDetector
    _times: list[Fraction] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _black: list[np.ndarray] = field(default_factory=list)
    _text: list[np.ndarray] = field(default_factory=list)
    _damage: Damage = field(default_factory=Damage)

    def add(self, record: ChunkRecord, stop: Callable[[], bool] = lambda: False) -> None:
        """Take the next chunk; where ``stop`` says so, leave off in the middle, for good."""
        self._starts.append(len(self._times))
        self._times.extend(record.times)
        if lives_on_thumbnails(self.detector):
            for time, thumbnail in zip(record.times, record.kept.thumbnails, strict=True):
                if stop():
                    return
                self.detector.take(Frame(time, False, False, {THUMBNAIL: thumbnail}))
        self._black.append(record.black)
        self._text.append(record.text)
        self._damage += record.damage

    def finish(self) -> Timeline:
        """Return the film's timeline."""
        boundaries = self.detector.finish() if self._times else []
        step = self._times[-1] - self._times[-2] if len(self._times) > 1 else 1 / self.facts.rate
        # A still at the end of a file of variable rate lasts as long as the header says, not longer.
        end = self._times[-1] + min(step, Fraction(1)) if self._times else Fraction(0)
        black = np.concatenate(self._black) if self._black else np.zeros(0, np.bool_)
        text = np.concatenate(self._text) if self._text else np.zeros(0, np.bool_)
        return Timeline(
            tuple(self._times),
            tuple(self._starts),
            end,
            shots(boundaries, self._times, end),
            cues_of(black, text, float(self.facts.rate)),
            self._damage,
        )
