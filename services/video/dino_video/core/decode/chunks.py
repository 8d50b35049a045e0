"""A film cut into stretches of time that workers decode apart; which frame belongs where never depends on them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

CHUNK_SECONDS = 60


@dataclass(frozen=True)
class Chunk:
    """The frames whose time lies in [start, end) seconds from the film's first time stamp; end None is open."""

    number: int
    start: Fraction
    end: Fraction | None

    def holds(self, time: Fraction) -> bool:
        """Whether a frame of this time belongs here."""
        return time >= self.start and (self.end is None or time < self.end)


WHOLE = Chunk(0, Fraction(0), None)


def plan_chunks(duration_s: float | None, seconds: int = CHUNK_SECONDS) -> tuple[Chunk, ...]:
    """Cut a film at multiples of ``seconds``; the last chunk is open, for headers that declare too little.

    A film of unknown duration is one chunk. A short rest (under a tenth of a chunk) joins the last one.
    """
    if duration_s is None or duration_s <= seconds:
        return (WHOLE,)
    count = max(1, math.ceil(duration_s / seconds - 0.1))
    bounds = [Fraction(n * seconds) for n in range(count)]
    return tuple(Chunk(n, start, bounds[n + 1] if n + 1 < count else None) for n, start in enumerate(bounds))
