"""Boundaries and shots of a film: what every detector finds, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["cut", "dissolve", "fade", "wipe", "gradual"]


@dataclass(frozen=True)
class Boundary:
    """One boundary between two shots, in frame numbers of the film.

    Attributes:
        kind: ``cut``; ``dissolve``, ``fade`` or ``wipe``; ``gradual`` where a detector cannot tell which;
            a detector that knows of one place alone calls it ``cut``.
        first: of a cut, the new shot's first frame; of a gradual one, the first mixed frame.
        last: of a gradual one, the last mixed frame; of a cut the same as ``first``.
        score: 0–1 on the scale of the threshold: it was found because this reaches it.
        kind_confidence: 0–1, how sure the kind is; None where the detector does not say.
    """

    kind: Kind
    first: int
    last: int
    score: float
    kind_confidence: float | None = None

    @property
    def middle(self) -> int:
        """The frame at which the new shot is taken to start."""
        return self.first if self.kind == "cut" else (self.first + self.last + 1) // 2


@dataclass(frozen=True)
class ShotSpan:
    """One shot: frames [first, end) that tile the film, and the stable part of them between transitions.

    Attributes:
        first, end: frames; the middle of a gradual transition divides it between both shots.
        stable_first, stable_end: frames that no transition mixes; empty (equal) when transitions meet.
        start_time, end_time: exact seconds from the film's first frame.
        into, out_of: the boundary that begins and ends the shot; None at the film's ends.
    """

    first: int
    end: int
    stable_first: int
    stable_end: int
    start_time: Fraction
    end_time: Fraction
    into: Boundary | None
    out_of: Boundary | None

    @property
    def duration(self) -> Fraction:
        """Seconds from the first frame to the next shot's."""
        return self.end_time - self.start_time


def shots(boundaries: Sequence[Boundary], times: Sequence[Fraction], end_time: Fraction) -> tuple[ShotSpan, ...]:
    """Cut a film at its boundaries.

    Args:
        boundaries: in order, not overlapping.
        times: time of each frame, rising.
        end_time: when the last frame ends, after the last time.

    Returns:
        One shot more than boundaries; none for a film without frames.
    """
    if not times:
        return ()
    count = len(times)
    inner = [item for item in boundaries if 0 < item.middle < count]
    starts = [0, *(item.middle for item in inner)]
    ends = [*starts[1:], count]
    found = []
    for number, (first, end) in enumerate(zip(starts, ends, strict=True)):
        into = inner[number - 1] if number else None
        out_of = inner[number] if number < len(inner) else None
        stable_first = first if into is None or into.kind == "cut" else min(into.last + 1, end)
        stable_end = end if out_of is None or out_of.kind == "cut" else max(out_of.first, stable_first)
        until = times[end] if end < count else end_time
        found.append(ShotSpan(first, end, stable_first, stable_end, times[first], until, into, out_of))
    return tuple(found)
