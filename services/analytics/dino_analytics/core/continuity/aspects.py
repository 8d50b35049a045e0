"""Which aspect of a scene a change belongs to, and the verdict on each aspect; ``unknown`` rather than a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.continuity.compare import Comparison, Difference

Aspect = Literal["character", "props", "wardrobe", "background"]
Verdict = Literal["consistent", "changed", "not_comparable"]
Mask = NDArray[np.bool_]

LEAST_AGREEMENT = 0.2
"""Of two pictures, under which they are not taken for one scene."""
_LEAST_COMPARABLE = 0.25
_MOST_OF = 0.5
_PROP_AREA = 0.15
"""A change that takes up more of the picture than this is of its background, or of everything."""
_FROM_SUBJECT = 0.6


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one picture: bool masks (rows, columns) of the comparison's grid.

    Attributes:
        subject: what stands out of it, or None where nothing does.
        subject_confidence: 0–1.
        regions: masks that the caller has named.
    """

    subject: Mask | None
    subject_confidence: float
    regions: Sequence[tuple[Aspect, Mask]] = ()


@dataclass(frozen=True, slots=True)
class AspectFound:
    """A verdict; ``score`` is 1 less the confidence of the strongest change, None when not comparable."""

    aspect: Aspect
    verdict: Verdict
    score: float | None
    confidence: float
    why: str


def aspect_of(change: Difference, known: tuple[Known, Known]) -> tuple[Aspect | Literal["unknown"], float]:
    """Say what a change belongs to, and how sure that is.

    A region that the caller has named decides; of several the smallest. Inside a named character a part is wardrobe.
    Without names, a change that is most of what stands out of the picture is the character's, and a part of it is
    unknown: clothes, hair and a thing in the hand look alike to this model. Small things apart from it are props.
    """
    named = [hit for side in (0, 1) for hit in _named(change, known[side], side)]
    if named:
        _, aspect, share, covered = min(named)
        if aspect == "character" and covered < _MOST_OF:
            return "wardrobe", round(0.6 * share, 4)
        return aspect, round(share, 4)
    for side in _shown(change):
        subject = known[side].subject
        if subject is None:
            continue
        mask = change.masks[side]
        inside = _share(mask & subject, mask)
        if inside >= _FROM_SUBJECT:
            whole = _share(mask & subject, subject)
            if whole >= _MOST_OF:
                return "character", round(inside * known[side].subject_confidence, 4)
            return "unknown", 0.0
    area = max(float(np.mean(change.masks[side])) for side in _shown(change))
    if area >= _PROP_AREA:
        return "background", round(float(min(0.9, 0.4 + area)), 4)
    return "props", round(0.8 - 2 * area, 4)


def verdicts(
    comparison: Comparison,
    told: Sequence[tuple[Difference, Aspect | Literal["unknown"]]],
    known: tuple[Known, Known],
    asked: Sequence[Aspect],
    threshold: float,
) -> list[AspectFound]:
    """Judge each aspect that was asked for.

    Args:
        comparison: of the two pictures.
        told: every difference, the unsure ones too, with its aspect.
        known: of each picture.
        asked: aspects.
        threshold: confidence from which a difference is a change.
    """
    agreement = comparison.alignment.agreement
    share = float(np.mean(comparison.comparable[0]))
    found: list[AspectFound] = []
    for aspect in asked:
        strongest = max((d.confidence for d, of in told if of == aspect), default=0.0)
        reason = _not_comparable(aspect, agreement, share, known)
        if strongest >= threshold and agreement >= LEAST_AGREEMENT:
            count = sum(d.confidence >= threshold and of == aspect for d, of in told)
            why = f"{count} change{'s' if count > 1 else ''}, the surest with {strongest:.2f}"
            found.append(AspectFound(aspect, "changed", round(1 - strongest, 4), round(strongest, 4), why))
        elif reason is not None:
            found.append(AspectFound(aspect, "not_comparable", None, reason[1], reason[0]))
        else:
            sure = (1 - strongest) * min(1.0, agreement / 0.5) * share
            why = f"no change with a confidence of {threshold:.2f}; {share:.0%} of the picture is in sight of the other"
            found.append(AspectFound(aspect, "consistent", round(1 - strongest, 4), round(sure, 4), why))
    return found


def _not_comparable(
    aspect: Aspect, agreement: float, share: float, known: tuple[Known, Known]
) -> tuple[str, float] | None:
    if agreement < LEAST_AGREEMENT:
        return (
            f"only {agreement:.0%} of what was matched fits together: these are not two views of one scene",
            round(1 - agreement / LEAST_AGREEMENT, 4),
        )
    if share < _LEAST_COMPARABLE:
        return f"only {share:.0%} of the first picture is in sight of the second", round(1 - share, 4)
    names = {name for one in known for name, _ in one.regions}
    if aspect == "wardrobe" and not names & {"wardrobe", "character"}:
        return "what is clothing cannot be told without a region that names it or its wearer", 1.0
    if aspect == "character" and "character" not in names and all(one.subject is None for one in known):
        return "nothing stands out of these pictures as their subject, and no region names one", 1.0
    return None


def _shown(change: Difference) -> tuple[int, ...]:
    """In which pictures the changed thing itself is to be seen."""
    return {"vanished": (0,), "appeared": (1,)}.get(change.kind, (0, 1))


def _named(change: Difference, known: Known, side: int) -> list[tuple[int, Aspect, float, float]]:
    """Named regions that hold most of a change: their size, aspect, the change's share in it, its share of it."""
    mask = change.masks[side]
    found = []
    for aspect, region in known.regions:
        inside = _share(mask & region, mask)
        if inside >= _MOST_OF:
            found.append((int(np.count_nonzero(region)), aspect, inside, _share(mask & region, region)))
    return found


def _share(part: Mask, whole: Mask) -> float:
    total = np.count_nonzero(whole)
    return float(np.count_nonzero(part) / total) if total else 0.0
