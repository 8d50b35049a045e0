"""How a command fails: typed faults, their exit codes, and the one red line that people see."""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    UNREACHABLE = 3
    UNAUTHORIZED = 4
    INTERRUPTED = 130


class Failure(Exception):
    """A command cannot go on.

    Args:
        message: one sentence.
        details: what to do about it.
        code: machine-readable reason, as in the platform's error body.
        request_id: names the request in the platform's logs.
        exit_code: what the process ends with.
    """

    def __init__(
        self,
        message: str,
        *,
        details: str = "",
        code: str = "FAILED",
        request_id: str = "",
        exit_code: Exit = Exit.FAILURE,
    ) -> None:
        """Keep what is shown."""
        super().__init__(message)
        self.message, self.details, self.code = message, details, code
        self.request_id, self.exit_code = request_id, exit_code

    def body(self) -> dict[str, Any]:
        """Return the error in the envelope of the REST surface."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "details": self.details,
                "request_id": self.request_id,
            }
        }

    def line(self) -> str:
        """Return the error as one line for people: message, what to do, request id."""
        parts = [self.message.rstrip(".") + "."]
        if self.details:
            parts.append(self.details.rstrip(".") + ".")
        if self.request_id:
            parts.append(f"(request {self.request_id})")
        return " ".join(" ".join(parts).split())


class UsageFailure(Failure):
    """The command line itself is wrong."""

    def __init__(self, message: str, details: str = "") -> None:
        """Keep what is shown."""
        super().__init__(message, details=details, code="USAGE", exit_code=Exit.USAGE)


class Unreachable(Failure):
    """Nothing answers at the address."""

    def __init__(self, url: str, reason: str) -> None:
        """Name the address, why it failed, and how to start the platform."""
        super().__init__(
            f"No platform answers at {url} ({reason})",
            details="Start one with `make run`, or name yours with --url or DINO_SERVICE_URL",
            code="UNREACHABLE",
            exit_code=Exit.UNREACHABLE,
        )


class ApiFailure(Failure):
    """The platform answered with an error."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        """Take the ``error`` object of the answer's body."""
        self.status = status
        details = str(error.get("details") or "")
        if status == 401:
            details = "Give a key with --api-key or DINO_API_KEY; `dino keys create NAME` makes one"
        super().__init__(
            str(error.get("message") or f"the platform answered with HTTP status {status}"),
            details=details,
            code=str(error.get("code") or f"HTTP_{status}"),
            request_id=str(error.get("request_id") or ""),
            exit_code=Exit.UNAUTHORIZED if status in (401, 403) else Exit.FAILURE,
        )


def report(failure: Failure, *, as_json: bool) -> None:
    """Write the failure: always a red line on stderr, and the error body on stdout where JSON was asked for."""
    red, plain = ("\033[31m", "\033[0m") if sys.stderr.isatty() else ("", "")
    print(f"{red}error: {failure.line()}{plain}", file=sys.stderr)
    if as_json:
        print(json.dumps(failure.body()))
