"""Waiting for what another process does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.integration.platform import Platform


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Return once the check holds; TimeoutError when it does not in time."""
    async with asyncio.timeout(seconds):
        while True:
            if await check():
                return
            await asyncio.sleep(0.05)


async def until_logged(platform: Platform, text: str, seconds: float = 10.0) -> str:
    """Return the gateway's log once it holds the text."""

    async def logged() -> bool:
        return text in platform.log("gateway")

    await until(logged, seconds)
    return platform.log("gateway")
