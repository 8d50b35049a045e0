"""Moments as the API writes them: UTC, whole seconds, ending in Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dino_operator.spec.base import milliseconds


def moment(at: datetime) -> str:
    """Return a time as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str | None) -> datetime | None:
    """Return the time that a text names; None where it names none."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def seconds_since(text: str | None, now: datetime) -> float:
    """Return the seconds from a moment until now; 0 for one that is unknown or to come."""
    at = instant(text)
    return max(0.0, (now - at).total_seconds()) if at else 0.0


def span(duration: str) -> timedelta:
    """Return the length of a Duration of the spec."""
    return timedelta(milliseconds=milliseconds(duration))
