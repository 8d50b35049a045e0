"""Waiting for conditions, never for time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.e2e.kubelet.api import ApiError

T = TypeVar("T")
PAUSE = 0.1


async def until(check: Callable[[], Awaitable[T | None]], what: str, seconds: float = 60) -> T:
    """Ask until the answer is true, and return it.

    Args:
        check: asked again and again; None or False: not yet. An AssertionError of it is kept for the report, as is
            an API server that does not answer.
        what: is waited for, in the words of the report.
        seconds: how long at most.
    """
    deadline = time.monotonic() + seconds
    why = ""
    while time.monotonic() < deadline:
        try:
            if found := await check():
                return found
        except (AssertionError, ApiError) as error:
            why = f": {error}"
        await asyncio.sleep(PAUSE)
    raise AssertionError(f"not within {seconds:g} s: {what}{why}")
