"""Which stretch of a film, and which of its frames; never where decoding began."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from dino_common.errors import InvalidRequest
from dino_video.core.decode.chunks import Chunk
from dino_video.core.media.facts import VideoFacts
from dino_video.core.timecode import frame_at

_JUST_AFTER = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class Stretch:
    """Frames [first, end) of a film, counted at its rate; ``end`` None is to the last one.

    Attributes:
        rate: frames a second of the film, by which its frames are numbered.
        per_second: frames a second that are taken; the film's own where it has fewer.
    """

    first: int
    end: int | None
    rate: Fraction
    per_second: Fraction

    def chunk(self, after: Fraction | None = None) -> Chunk:
        """What to decode: all of it, or what comes after the frame of this time."""
        half = Fraction(1, 2)
        start = max(Fraction(0), (self.first - half) / self.rate) if after is None else after + _JUST_AFTER
        return Chunk(0, start, None if self.end is None else (self.end - half) / self.rate)

    def number(self, time: Fraction) -> int:
        """Number of the frame of this time."""
        return frame_at(time, self.rate)

    def taken(self, duration_s: float | None) -> int | None:
        """How many frames are taken of a film that lasts so long; None when nobody can tell."""
        end = self.end
        if end is None:
            if duration_s is None:
                return None
            end = max(self.first + 1, round(duration_s * self.rate))
        return max(1, math.ceil((end - self.first) * min(Fraction(1), self.per_second / self.rate)))


@dataclass(slots=True)
class Sampler:
    """Takes the first frame of each slot of 1 / per_second; frames are asked in order of time.

    What it takes depends on the frames' times alone: begun again with ``last`` of an earlier worker, it takes what
    that one would have taken.
    """

    stretch: Stretch
    last: int = field(default=-1)

    def takes(self, time: Fraction) -> bool:
        """Whether the frame of this time is taken."""
        slot = self.slot(time)
        if slot <= self.last:
            return False
        self.last = slot
        return True

    def slot(self, time: Fraction) -> int:
        """Number of the slot that a time lies in."""
        share = min(Fraction(1), self.stretch.per_second / self.stretch.rate)
        return math.floor((self.stretch.number(time) - self.stretch.first) * share)


def stretch_of(
    facts: VideoFacts,
    *,
    start_time: float | None = None,
    start_frame: int | None = None,
    end_time: float | None = None,
    max_seconds: float | None = None,
    per_second: float,
) -> Stretch:
    """Return the stretch that a request names, from the frame nearest to its start; ``end_time`` is not in it.

    Raises:
        InvalidRequest: it begins or ends beyond the film, ends before it begins, or has two beginnings.
    """
    if start_time is not None and start_frame is not None:
        raise InvalidRequest("start_time and start_frame are two beginnings; give one")
    rate = facts.rate
    first = start_frame if start_frame is not None else frame_at(Fraction(start_time or 0.0), rate)
    length = None if facts.duration_s is None else max(1, round(Fraction(facts.duration_s) * rate))
    if length is not None and first >= length:
        given = "start_frame" if start_frame is not None else "start_time"
        raise InvalidRequest(f"{given} lies beyond the film of {_told(facts)}")
    end = None
    if end_time is not None:
        end = frame_at(Fraction(end_time), rate)
        if length is not None and end > length + 1:
            raise InvalidRequest(f"end_time lies beyond the film of {_told(facts)}")
        if end <= first:
            raise InvalidRequest("end_time must be at least a frame after the beginning")
    if max_seconds is not None:
        longest = first + max(1, frame_at(Fraction(max_seconds), rate))
        end = longest if end is None else min(end, longest)
    if end is not None and length is not None and end >= length:
        end = None  # headers declare too little at times: what belongs to the film is not left out
    return Stretch(first, end, rate, Fraction(per_second).limit_denominator(1000))


def _told(facts: VideoFacts) -> str:
    return f"{facts.duration_s:.3f} s ({float(facts.rate):.3f} frames a second)"
