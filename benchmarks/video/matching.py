"""Found boundaries against true ones: what counts as found, and what precision, recall and F1 follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.video.film import Boundary as True_

from dino_video.core.shots.boundaries import Boundary as Found

TOLERANCE = 2


@dataclass
class Tally:
    """Counts over films.

    A found boundary is one place: a cut's frame, the middle of a gradual one. It hits a true cut within ±2 frames,
    a true gradual transition between two frames before its first and two after its last mixed frame. Each true one
    takes one found one; what is left over is false, and counts against cuts and against gradual ones alike, since
    most detectors do not say which they mean.
    """

    true: dict[str, int] = field(default_factory=dict)
    hit: dict[str, int] = field(default_factory=dict)
    false: int = 0
    kind_right: int = 0
    ends_within: int = 0
    mixed_with_extent: int = 0

    def add(self, found: Sequence[Found], truth: Sequence[True_], length: int, opening: int, closing: int) -> None:
        """Count one film. What lies in the film's own opening or closing fade counts neither way."""
        free = [
            item
            for item in found
            if item.middle > (opening + TOLERANCE if opening else 0)
            and item.middle < length - (closing + TOLERANCE if closing else 0)
        ]
        for real in truth:
            self.true[real.kind] = self.true.get(real.kind, 0) + 1
            after = real.last + (0 if real.kind == "cut" else 1)
            middle = (real.first + after) / 2
            near = [item for item in free if real.first - TOLERANCE <= item.middle <= after + TOLERANCE]
            if not near:
                continue
            best = min(near, key=lambda item: abs(item.middle - middle))
            free.remove(best)
            self.hit[real.kind] = self.hit.get(real.kind, 0) + 1
            self.kind_right += best.kind == real.kind
            if real.kind != "cut" and best.kind != "cut":
                self.mixed_with_extent += 1
                off = max(abs(best.first - real.first), abs(best.last - real.last))
                self.ends_within += off <= max(TOLERANCE, (real.last - real.first + 1) // 5)
        self.false += len(free)

    def merge(self, other: Tally) -> None:
        """Add the counts of other films."""
        for mine, theirs in ((self.true, other.true), (self.hit, other.hit)):
            for kind, count in theirs.items():
                mine[kind] = mine.get(kind, 0) + count
        self.false += other.false
        self.kind_right += other.kind_right
        self.ends_within += other.ends_within
        self.mixed_with_extent += other.mixed_with_extent

    def rates(self, kinds: Sequence[str]) -> tuple[float, float, float]:
        """Return precision, recall and F1 of some kinds together."""
        hit = sum(self.hit.get(kind, 0) for kind in kinds)
        true = sum(self.true.get(kind, 0) for kind in kinds)
        precision = hit / (hit + self.false) if hit else 0.0
        recall = hit / true if true else 0.0
        return precision, recall, 2 * precision * recall / (precision + recall) if hit else 0.0


CUTS = ("cut",)
GRADUAL = ("dissolve", "fade", "wipe")
ALL = CUTS + GRADUAL
