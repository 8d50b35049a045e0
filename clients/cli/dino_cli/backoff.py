"""When and how long to wait before a request is tried again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 6
CONNECT_ATTEMPTS = 3
RETRIED_STATUS = frozenset({429, 503})
LONGEST_WAIT = 65.0  # a rate limit's window is a minute


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header, given as a number or as a date; None without one."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def wait_before(attempt: int, told: float | None = None) -> float:
    """Return seconds to wait before attempt ``attempt`` (2 is the first repetition).

    What the server told counts, up to LONGEST_WAIT. Else 0.2 s doubling up to 5 s, with a random half so that
    many clients do not return together.
    """
    if told is not None:
        return min(told, LONGEST_WAIT)
    longest = min(5.0, 0.2 * 2 ** (attempt - 2))
    return longest * (0.5 + random.random() / 2)
