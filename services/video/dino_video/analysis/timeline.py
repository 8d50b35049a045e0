"""The film's shots, found from kept thumbnails alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from dino_video.analysis.chunk_record import ChunkRecord
from dino_video.core.decode.frames import Damage
from dino_video.core.media.facts import VideoFacts
from dino_video.core.shots.boundaries import Boundary, ShotSpan, shots
from dino_video.core.shots.cues import Cues, cues_of
from dino_video.core.shots.detectors.interface import DetectorOptions
from dino_video.core.shots.detectors.learned import LearnedDetector


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


@dataclass
class TimelineBuilder:
    """Takes chunks in order; holds a few numbers a frame."""

    facts: VideoFacts
    threshold: float
    _times: list[Fraction] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _black: list[np.ndarray] = field(default_factory=list)
    _text: list[np.ndarray] = field(default_factory=list)
    _damage: Damage = field(default_factory=Damage)
    _detector: LearnedDetector | None = None

    def add(self, record: ChunkRecord) -> None:
        """Take the next chunk."""
        if self._detector is None:
            self._detector = LearnedDetector(DetectorOptions(self.threshold, self.facts.rate))
        self._starts.append(len(self._times))
        self._times.extend(record.times)
        for thumbnail in record.kept.thumbnails:
            self._detector.add(thumbnail)
        self._black.append(record.black)
        self._text.append(record.text)
        self._damage += record.damage

    def finish(self, boundaries: Sequence[Boundary] | None = None) -> Timeline:
        """Return the film's timeline.

        Args:
            boundaries: of another detector; the default one's when left out.
        """
        if boundaries is None:
            boundaries = self._detector.finish() if self._detector is not None and self._times else []
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
