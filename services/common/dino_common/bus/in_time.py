"""A job's time is bounded: what hangs would hold its worker, and be kept alive, for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from dino_common.contracts import Operation
from dino_common.errors import DeadlineExceeded

T = TypeVar("T")


async def in_time(operation: Operation, work: Awaitable[T]) -> T:
    """Return what the work of one attempt at a job returns, within the operation's timeout.

    Raises:
        DeadlineExceeded: it took longer; the work was cancelled.
    """
    try:
        async with asyncio.timeout(operation.timeout_s) as limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise  # the work's own
        raise DeadlineExceeded(
            f"{operation.name} did not end within {operation.timeout_s:g} s", details="Ask for less in one job."
        ) from None
