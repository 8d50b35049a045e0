"""A picture against a brief in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dino_common.look import COLOURS, to_lab

NEAR, FAR = 12.0, 45.0
"""CIELAB distance at which a wanted colour is there, and from which it is not."""
ENOUGH = 0.06
"""Share of the picture from which a wanted colour is fully there."""

ORDERS: dict[str, tuple[str, ...]] = {
    "key": ("low_key", "normal", "high_key"),
    "contrast": ("soft", "normal", "hard"),
    "temperature": ("cool", "neutral", "warm"),
    "saturation": ("monochrome", "muted", "moderate", "vivid"),
    "depth_of_field": ("shallow", "moderate", "deep"),
    "shot_scale": (
        "extreme_wide",
        "wide",
        "medium_wide",
        "medium",
        "medium_close_up",
        "close_up",
        "extreme_close_up",
    ),
    "camera_angle": ("overhead", "high_angle", "eye_level", "low_angle"),
}
"""Words that lie on a line: a neighbour is half right."""
WEIGHTS = {"palette": 2.0}
"""Of the parts; 1 of those that are not named."""


@dataclass(frozen=True, slots=True)
class Part:
    """A point of a brief; `score` 0–100, None where the picture does not tell; `confidence` 0–1."""

    name: str
    wanted: str
    found: str
    score: float | None
    confidence: float


def word_part(name: str, wanted: str, found: str, confidence: float) -> Part:
    """Judge a word: 100 the same, 40 a neighbour on its line, 0 else; None where the picture's is unknown."""
    if found == "unknown":
        return Part(name, wanted, found, None, 0.0)
    score = 100.0 if wanted == found else 0.0
    order = ORDERS.get(name, ())
    if score == 0.0 and wanted in order and found in order and abs(order.index(wanted) - order.index(found)) == 1:
        score = 40.0
    return Part(name, wanted, found, score, round(confidence, 4))


def palette_part(wanted: Sequence[str], found: Sequence[tuple[str, float]]) -> Part:
    """Judge a palette: how much of each wanted colour there is, and that not too much else is.

    Args:
        wanted: names of `COLOURS` or #rrggbb, one or more.
        found: #rrggbb and share of each colour of the picture.

    Raises:
        ValueError: a colour that is neither a name nor #rrggbb.
    """
    goals = np.stack([lab_of(one) for one in wanted])
    have = np.stack([lab_of(one) for one, _ in found])
    share = np.array([part for _, part in found])
    apart = np.linalg.norm(goals[:, None] - have[None], axis=2)
    alike = np.clip((FAR - apart) / (FAR - NEAR), 0.0, 1.0)
    there = np.minimum(1.0, (alike * share).sum(axis=1) / ENOUGH) * alike.max(axis=1)
    # Greys go with every palette; a foreign colour does not.
    chroma = np.linalg.norm(have[:, 1:], axis=1)
    foreign = float((share * (1.0 - alike.max(axis=0)) * np.clip(chroma / 30.0, 0.0, 1.0)).sum() / share.sum())
    score = 100.0 * float(there.mean()) * (1.0 - 0.6 * foreign)
    return Part("palette", ", ".join(wanted), ", ".join(one for one, _ in found[:4]), round(score, 1), 0.9)


def overall(parts: Sequence[Part]) -> tuple[float | None, float]:
    """Mean of the parts that are known, by weight and confidence, and the share of the brief that they are."""
    known = [part for part in parts if part.score is not None]
    total = sum(WEIGHTS.get(part.name, 1.0) for part in parts)
    if not known:
        return None, 0.0
    weight = np.array([WEIGHTS.get(part.name, 1.0) * max(part.confidence, 0.05) for part in known])
    score = float(np.array([part.score for part in known], dtype=np.float64) @ weight / weight.sum())
    return round(score, 1), round(sum(WEIGHTS.get(part.name, 1.0) for part in known) / total, 4)


def lab_of(colour: str) -> np.ndarray:
    """CIELAB of a colour's name or #rrggbb: float64 (3,).

    Raises:
        ValueError: neither.
    """
    value = _NAMED.get(colour.strip().lower().replace("_", " "))
    if value is None:
        text = colour.strip().removeprefix("#")
        if len(text) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in text):
            raise ValueError(f"{colour!r} is neither a known colour name nor #rrggbb")
        value = int(text, 16)
    rgb = np.array([[value >> 16, value >> 8 & 255, value & 255]], dtype=np.uint8)
    return to_lab(rgb)[0].astype(np.float64)


_NAMED: Mapping[str, int] = COLOURS
