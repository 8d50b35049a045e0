"""Which threshold is in force, and who set it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ThresholdSource = Literal["request", "character", "category", "setting", "model_card", "default"]

DEFAULT_CONSISTENCY = 85.0
"""Similarity score (0–100) from which two pictures count as the same character."""
DEFAULT_QUALITY = 70.0
"""Quality score (0–100) from which a picture counts as good enough."""
DEFAULT_SIMILARITY = 0.75
"""Cosine (0–1) from which two pictures count as similar in searches."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold in force: `value` in 0–100 and the `source` that set it."""

    value: float
    source: ThresholdSource


@dataclass(frozen=True, slots=True)
class CategoryThresholds:
    """Thresholds (0–100) of one kind of content; None where the service guide names none."""

    quality: float | None = None
    consistency: float | None = None


CATEGORIES: MappingProxyType[str, CategoryThresholds] = MappingProxyType(
    {
        "electronics": CategoryThresholds(quality=85.0, consistency=90.0),
        "clothing": CategoryThresholds(quality=75.0, consistency=80.0),
        "food": CategoryThresholds(quality=80.0, consistency=75.0),
        "books": CategoryThresholds(quality=70.0),
        "profile_picture": CategoryThresholds(quality=70.0, consistency=75.0),
        # Deciding without a person whether a new profile picture shows the account's owner.
        "profile_verification": CategoryThresholds(quality=70.0, consistency=90.0),
        # Content moderation holds a picture back below "acceptable"; its other levels may be asked for by name.
        "moderation": CategoryThresholds(quality=60.0),
        "moderation_excellent": CategoryThresholds(quality=90.0),
        "moderation_good": CategoryThresholds(quality=75.0),
        "moderation_acceptable": CategoryThresholds(quality=60.0),
        "moderation_poor": CategoryThresholds(quality=40.0),
    }
)
"""The categories of the service guide, by canonical name."""

_ALIASES = MappingProxyType({"profile": "profile_picture", "profile_pictures": "profile_picture", "book": "books"})


def canonical_category(name: str) -> str | None:
    """The known category a name stands for, ignoring case, spaces and hyphens; None if unknown."""
    key = "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
    key = _ALIASES.get(key, key)
    return key if key in CATEGORIES else None


def resolve_consistency(
    *,
    request: float | None = None,
    character: float | None = None,
    category: float | None = None,
    setting: float | None = None,
    model_card: float | None = None,
) -> Threshold:
    """The consistency threshold (similarity score, 0–100) in force and its source.

    The first that is given of: the request's, the character's calibrated one, the category's, the
    deployment's setting, the model card's calibrated one, 85. Raises ValueError outside 0–100.
    """
    return _first(
        ("request", request),
        ("character", character),
        ("category", category),
        ("setting", setting),
        ("model_card", model_card),
        ("default", DEFAULT_CONSISTENCY),
    )


def resolve_quality(
    *, request: float | None = None, category: float | None = None, setting: float | None = None
) -> Threshold:
    """The quality threshold (0–100) in force: the request's, the category's, the setting's or 70."""
    return _first(
        ("request", request),
        ("category", category),
        ("setting", setting),
        ("default", DEFAULT_QUALITY),
    )


def _first(*candidates: tuple[ThresholdSource, float | None]) -> Threshold:
    for source, value in candidates:
        if value is None:
            continue
        if not (math.isfinite(value) and 0.0 <= value <= 100.0):
            raise ValueError(f"the {source} threshold must lie in 0–100, got {value}")
        return Threshold(float(value), source)
    raise AssertionError("the default is always given")
