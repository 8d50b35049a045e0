"""Faults of the Kubernetes API as types, with whether trying again can help."""

from __future__ import annotations

import json
from typing import Any


class ApiError(Exception):
    """The API server refused, or did not answer.

    Attributes:
        status: HTTP status; 0 when no answer came.
        reason: in one CamelCase word, as the server says it.
        message: in words.
        passing: whether the same request may succeed later.
        retry_after: seconds the server asked to wait; None when it did not.
    """

    passing = False

    def __init__(self, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        """Keep what the server said."""
        super().__init__(f"{reason or status}: {message}")
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after


class NotFound(ApiError):
    """There is no such object, or no such kind."""


class Conflict(ApiError):
    """Somebody else changed or owns it."""


class AlreadyExists(ApiError):
    """An object of this name is there."""


class Forbidden(ApiError):
    """The operator lacks a right."""


class Unauthorized(ApiError):
    """The credentials are not taken."""

    passing = True


class Invalid(ApiError):
    """The object is refused for what it says."""


class Gone(ApiError):
    """The resource version is too old to watch or to page on from."""


class Busy(ApiError):
    """Too many requests, or the server has a fault of its own."""

    passing = True


class Unreachable(ApiError):
    """No answer came."""

    passing = True

    def __init__(self, message: str) -> None:
        """Say what happened to the connection."""
        super().__init__(0, "Unreachable", message)


_BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: Invalid,
    422: Invalid,
    429: Busy,
}


def from_status(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """Return the typed fault of an answer.

    Args:
        status: HTTP status, 400 or more.
        body: a ``Status`` object as JSON, or anything.
        retry_after: the header of that name.
    """
    said: dict[str, Any] = {}
    try:
        parsed = json.loads(body)
        said = parsed if isinstance(parsed, dict) else {}
    except ValueError:
        pass
    reason = str(said.get("reason") or "")
    message = str(said.get("message") or body[:500].decode(errors="replace") or f"HTTP status {status}")
    kind = _BY_STATUS.get(status, Busy if status >= 500 else ApiError)
    if status == 409 and reason == "AlreadyExists":
        kind = AlreadyExists
    if status == 403 and "being terminated" in message:
        # A namespace that goes away takes nothing new; that is no lack of rights.
        reason = "NamespaceTerminating"
    wait = float(retry_after) if retry_after and retry_after.isdigit() else None
    return kind(status, reason, message, wait)
