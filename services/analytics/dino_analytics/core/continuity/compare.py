"""Two pictures of one scene compared: what is gone, new or of another colour, beyond another angle and light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.continuity.alignment import Alignment, align
from dino_analytics.core.continuity.evidence import evidence, light_between
from dino_analytics.core.continuity.light import Light, cell_colours, lab
from dino_analytics.core.continuity.regions import Candidate, Mask, Side, box_of, candidates, strengths
from dino_analytics.core.continuity.weights import KINDS, REGION_BIAS, REGION_WEIGHTS

Kind = Literal["appeared", "vanished", "changed", "recoloured", "moved"]
Shares = tuple[float, float, float, float]

LEAST_CONFIDENCE = 0.02
_KIN = 0.55
"""Likeness of features from which a thing of another colour is the same thing."""
_MOVED_KIN, _MOVED_COLOUR = 0.8, 18.0


@dataclass(frozen=True, slots=True)
class Look:
    """A picture uint8 (h, w, 3) and its merged grid of unit features, float32 (rows, columns, d)."""

    picture: NDArray[np.uint8]
    grid: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Difference:
    """A place that differs.

    Attributes:
        confidence: 0–1, calibrated on scenes with known changes.
        masks: (rows, columns) of each picture's grid; where a thing is not, the place where it would be.
        boxes: left, top, right, bottom in shares of each picture.
        kinship: mean cosine of the features in both masks.
        colour: ΔE between both masks' median colours, the light taken out.
    """

    kind: Kind
    confidence: float
    masks: tuple[Mask, Mask]
    boxes: tuple[Shares, Shares]
    kinship: float
    colour: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing two pictures found.

    Attributes:
        differences: surest first, from a confidence of 0.02.
        comparable: masks (rows, columns) of what each picture shows and the other one has in sight, too.
        light_change: mean ΔE that the light alone makes.
    """

    alignment: Alignment
    differences: list[Difference]
    comparable: tuple[Mask, Mask]
    light_change: float


def sides_of(first: Look, second: Look) -> tuple[tuple[Side, Side], Alignment, Light]:
    """Align two pictures and weigh every cell of both."""
    looks = (first, second)
    grids = (first.grid, second.grid)
    colours = tuple(cell_colours(look.picture, look.grid.shape[0]) for look in looks)
    alignment = align((first.picture, second.picture), grids)
    back = alignment.turned()
    light = light_between(grids, (colours[0], colours[1]), alignment)
    light_back = light_between((second.grid, first.grid), (colours[1], colours[0]), back)
    found = (
        evidence(grids, (colours[0], colours[1]), alignment, light),
        evidence((second.grid, first.grid), (colours[1], colours[0]), back, light_back),
    )
    sides = tuple(Side(g, c, e, strengths(e)) for g, c, e in zip(grids, colours, found, strict=True))
    return (sides[0], sides[1]), alignment, light


def compare(first: Look, second: Look) -> Comparison:
    """Compare two pictures whose grids have the same shape.

    A cell speaks for a change by how much farther its counterpart is than is usual for the pair, in features and in
    colour; regions of such cells are judged by a multinomial regression, whose probabilities are the confidences.
    """
    sides, alignment, light = sides_of(first, second)
    found = [_judged(one) for one in candidates(sides, alignment, light)]
    differences = _moves([one for one in found if one.confidence >= LEAST_CONFIDENCE], sides, light)
    change = np.linalg.norm(lab(light.applied(sides[0].colours)) - lab(sides[0].colours), axis=-1)
    return Comparison(
        alignment,
        sorted(differences, key=lambda one: -one.confidence),
        (sides[0].evidence.comparable, sides[1].evidence.comparable),
        float(change.mean()),
    )


def kind_odds(measures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each of ``weights.KINDS`` for a candidate's measures (n,)."""
    raw = REGION_WEIGHTS @ measures + REGION_BIAS
    odds = np.exp(raw - raw.max())
    return odds / odds.sum()


def _judged(one: Candidate) -> Difference:
    odds = kind_odds(one.measures)
    kind = KINDS[1 + int(odds[1:].argmax())]
    told: Kind
    if kind == "recoloured":
        told = "recoloured" if one.kinship >= _KIN else "changed"
    else:
        told = "vanished" if kind == "vanished" else "appeared"
    boxes = (box_of(one.masks[0]), box_of(one.masks[1]))
    return Difference(told, float(1 - odds[0]), one.masks, boxes, one.kinship, one.colour)


def _moves(found: list[Difference], sides: tuple[Side, Side], light: Light) -> list[Difference]:
    """Take what vanished at one place and appeared alike at another for one thing that was moved."""
    gone = [one for one in found if one.kind == "vanished"]
    new = [one for one in found if one.kind == "appeared"]
    kept = [one for one in found if one.kind not in ("vanished", "appeared")]
    for one in gone:
        best = max(new, key=lambda other: _alike(one, other, sides, light)[0], default=None)
        if best is None:
            kept.append(one)
            continue
        kinship, colour = _alike(one, best, sides, light)
        if kinship < _MOVED_KIN or colour > _MOVED_COLOUR:
            kept.append(one)
            continue
        new.remove(best)
        kept.append(
            replace(
                one,
                kind="moved",
                confidence=max(one.confidence, best.confidence),
                masks=(one.masks[0], best.masks[1]),
                boxes=(one.boxes[0], best.boxes[1]),
                kinship=kinship,
                colour=colour,
            )
        )
    return kept + new


def _alike(gone: Difference, new: Difference, sides: tuple[Side, Side], light: Light) -> tuple[float, float]:
    here, there = gone.masks[0], new.masks[1]
    cosines = sides[0].grid[here] @ sides[1].grid[there].T
    ours = lab(light.applied(sides[0].colours[here]))
    theirs = lab(sides[1].colours[there])
    kinship = float((cosines.max(1).mean() + cosines.max(0).mean()) / 2)
    return kinship, float(np.linalg.norm(np.median(ours, axis=0) - np.median(theirs, axis=0)))


def resized(mask: Mask, shape: tuple[int, int]) -> Mask:
    """A mask on a grid of another shape."""
    return cv2.resize(mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR) >= 0.5
