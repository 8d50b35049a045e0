"""Whether this process may still act, asked in the moment before it writes."""

from __future__ import annotations

import time
from typing import Protocol


class NotLeadingError(Exception):
    """Another operator may act by now: nothing was written."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the lease was not renewed in time: another operator may act by now")


class Leading(Protocol):
    """The right to act."""

    @property
    def mark(self) -> str:
        """What tells things of this installation's operators from those of others; empty: nothing does."""
        ...

    def sure(self) -> bool:
        """Whether nobody else can act yet, by this machine's clocks."""
        ...

    async def confirm(self) -> bool:
        """Whether we act by the word of the API server, which no stopped clock can deceive."""
        ...


class Alone:
    """The only operator there is, by its settings."""

    mark = ""

    def sure(self) -> bool:
        """Return True."""
        return True

    async def confirm(self) -> bool:
        """Return True."""
        return True


def clocks() -> tuple[float, ...]:
    """Return what this machine's clocks say, seconds: one may stand still while the process or machine is stopped."""
    found = [time.monotonic(), time.time()]
    if hasattr(time, "CLOCK_BOOTTIME"):
        found.append(time.clock_gettime(time.CLOCK_BOOTTIME))
    return tuple(found)
