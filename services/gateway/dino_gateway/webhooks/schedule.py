"""When a delivery is tried again."""

from __future__ import annotations

import random

LONGEST = 21_600.0
_GROWTH = 3.0


def delay(attempts: int, first: float, asked: float | None = None, rng: random.Random | None = None) -> float:
    """Return the seconds until the next attempt: tripling up to six hours, each scattered by half.

    Args:
        attempts: made so far, from 1.
        first: seconds before the second attempt.
        asked: seconds that the receiver asked to wait at least.
        rng: for tests.
    """
    grown = min(LONGEST, first * _GROWTH ** min(attempts - 1, 30))
    # Scattered, so that what failed together does not come back together.
    scattered = grown * (rng or random).uniform(0.5, 1.5)
    return max(scattered, asked or 0.0)
