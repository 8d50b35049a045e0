"""Continuity between shots and pictures."""

from __future__ import annotations

from dino_analytics.continuity.handler import ContinuityHandler
from dino_analytics.continuity.pairs import Pairs
from dino_analytics.parts import Group, Parts


def group(parts: Parts) -> Group:
    """Return the handlers."""
    handler = ContinuityHandler(Pairs(parts.assets, parts.vectors), parts.dense, parts.serving)
    return Group(jobs={"check-continuity": handler.check})
