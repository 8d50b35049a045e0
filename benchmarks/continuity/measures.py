"""How a pair's answer is judged: was the change found, where, as what, and was anything told that is not there?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from benchmarks.continuity.cases import Case
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
MEETS = 0.3
"""Intersection over union of boxes from which a change is located."""


@dataclass(frozen=True)
class Told:
    """A change as it was told: its confidence and kind, and its box in each picture, in shares."""

    confidence: float
    kind: str
    boxes: tuple[Box, Box]


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    scene: str
    source: str
    kind: str
    change: float
    alarms: int
    found: bool
    pointed: bool
    located: bool
    overlap: float
    kind_right: bool
    stray: int


def judged(case: Case, told: Sequence[Told]) -> Outcome:
    """Judge the answer to a case.

    Found: anything is told at all of a changed pair. Pointed: the middle of the surest change lies in the true box.
    Located: its box and the true one have an intersection over union of 0.3 or more. Stray: changes that do not even
    touch the true box.
    """
    truths = [_box(mask) if mask.any() else None for mask in case.masks]
    overlaps = [max((_overlap(b, t) for b, t in zip(one.boxes, truths, strict=True) if t), default=0.0) for one in told]
    changed = case.kind not in ("same", "light")
    first = told[0] if told else None
    pointed = first is not None and any(
        t is not None and _middle_in(b, t) for b, t in zip(first.boxes, truths, strict=True)
    )
    same_kind = first is not None and (
        first.kind == case.kind or (case.kind == "recoloured" and first.kind == "changed")
    )
    return Outcome(
        case.scene,
        case.source,
        case.kind,
        case.change,
        len(told),
        changed and bool(told),
        pointed,
        bool(overlaps) and overlaps[0] >= MEETS,
        overlaps[0] if overlaps else 0.0,
        same_kind and bool(overlaps) and overlaps[0] > 0.1,
        sum(overlap == 0 for overlap in overlaps),
    )


def table(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Rows by source, kind and size of the change."""
    keys = sorted({(o.source, o.kind, o.change) for o in outcomes})
    return [_row(key, [o for o in outcomes if (o.source, o.kind, o.change) == key]) for key in keys]


def _row(key: tuple[str, str, float], of: Sequence[Outcome]) -> dict[str, Any]:
    source, kind, change = key
    row: dict[str, Any] = {"source": source, "kind": kind, "change": change, "pairs": len(of)}
    if kind in ("same", "light"):
        return row | {"pairs_with_alarm": sum(o.alarms > 0 for o in of), "alarms": sum(o.alarms for o in of)}
    return row | summary(of)


def summary(of: Sequence[Outcome]) -> dict[str, Any]:
    """Shares of changed pairs: found, pointed at, located, named right; mean overlap; stray changes a pair."""

    def share(what: Callable[[Outcome], float | bool]) -> float:
        return round(float(np.mean([what(o) for o in of])), 4) if of else 0.0

    return {
        "found": share(lambda o: o.found),
        "pointed": share(lambda o: o.pointed),
        "located": share(lambda o: o.located),
        "mean_overlap": share(lambda o: o.overlap),
        "kind_right": share(lambda o: o.kind_right),
        "stray_per_pair": share(lambda o: o.stray),
    }


def false_alarms(of: Iterable[Outcome]) -> dict[str, Any]:
    """Of unchanged pairs: how many there are, and the share in which anything is told."""
    quiet = [o for o in of if o.kind in ("same", "light")]
    return {"pairs": len(quiet), "share": round(float(np.mean([o.alarms > 0 for o in quiet])), 4) if quiet else 0.0}


def as_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Every outcome as plain values."""
    return [asdict(o) for o in outcomes]


def _box(mask: NDArray[np.bool_]) -> Box:
    down, across = np.nonzero(mask)
    height, width = mask.shape
    edges = across.min() / width, down.min() / height, (across.max() + 1) / width, (down.max() + 1) / height
    left, top, right, bottom = (float(edge) for edge in edges)
    return left, top, right, bottom


def _overlap(first: Box, second: Box) -> float:
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (_area(first) + _area(second) - shared)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _middle_in(box: Box, other: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return other[0] <= x <= other[2] and other[1] <= y <= other[3]
