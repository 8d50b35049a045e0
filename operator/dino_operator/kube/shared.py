"""One answer for everybody who asks at the same time, never one to a question that was sent before they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """A call of which one runs at a time; whoever asks while it runs waits, with the others, for the next one.

    Args:
        call: what is asked. It goes on when those who wait for it are cancelled, so it must end by itself.
    """

    def __init__(self, call: Callable[[], Awaitable[T]]) -> None:
        """Begin with nobody waiting."""
        self._call = call
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def ask(self) -> T:
        """Return the answer of a call that begins after this moment."""
        if self._next is None:
            self._next = asyncio.create_task(self._begin(self._running))
        return await asyncio.shield(self._next)

    async def _begin(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        # Nobody joins from here on.
        self._running, self._next = self._next, None
        return await self._call()
