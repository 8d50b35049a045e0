"""Which handlers the service has: a function for each group of operations, called once at start-up."""

from __future__ import annotations

from collections.abc import Callable

from dino_analytics.groups import characters, continuity, judgement, look, search, sets
from dino_analytics.parts import Group, Parts

ALL: tuple[Callable[[Parts], Group], ...] = (
    judgement.group,
    search.group,
    characters.group,
    continuity.group,
    look.group,
    sets.group,
)
