"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[float, str], None]
"""Called with the share done of the whole work, 0–1, and what is being done."""


def silent(share: float, stage: str) -> None:
    """Tell nobody."""


def part(tell: Tell, start: float, end: float) -> Tell:
    """Return what tells of a part of the work, from its start to its end, each a share of the whole."""
    return lambda share, stage: tell(start + (end - start) * min(1.0, max(0.0, share)), stage)
