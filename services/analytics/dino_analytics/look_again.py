"""Many events about assets become few looks at the document store: what comes while one is under way waits for the
next, together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Together(Generic[T]):
    """Runs an action on items in batches, one batch at a time; nobody waits for a batch to fill."""

    def __init__(self, action: Callable[[list[T]], Awaitable[None]], most: int) -> None:
        """Args:
        action: on items, each once; what it raises reaches everyone who waits for one of them.
        most: items of a batch.
        """
        self._action, self._most = action, most
        self._waiting: dict[T, asyncio.Future[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: T) -> None:
        """Return once an action that began after this call has been done with the item.

        Raises:
            Exception: what the action raised.
        """
        future = self._waiting.get(item)
        if future is None:
            future = self._waiting[item] = asyncio.get_running_loop().create_future()
            # Looked at even when whoever waits is cancelled.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = {item: self._waiting.pop(item) for item in list(self._waiting)[: self._most]}
                await self._settle(batch)
        finally:
            self._task = None

    async def _settle(self, batch: dict[T, asyncio.Future[None]]) -> None:
        try:
            await self._action(list(batch))
        except asyncio.CancelledError:
            for future in batch.values():
                future.cancel()
            raise
        except Exception as error:
            for future in batch.values():
                future.set_exception(error)
        else:
            for future in batch.values():
                future.set_result(None)
