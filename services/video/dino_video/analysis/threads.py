"""Work in threads that ends when its job is cancelled, and tells how far it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_LOOK_SECONDS = 0.25


async def run_stoppable(work: Callable[[Callable[[], bool]], T], look: Callable[[], Awaitable[None]]) -> T:
    """Run ``work(stop)`` in a thread, and ``look()`` four times a second beside it.

    Cancelled, it makes ``stop()`` true and waits for the thread to notice, so that nothing runs on unseen.

    Args:
        work: asks ``stop()`` often.
        look: reports progress; what it raises ends the work, too.
    """
    stopped = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stopped.is_set))
    try:
        while not task.done():
            await asyncio.wait((task,), timeout=_LOOK_SECONDS)
            await look()
        return await task
    finally:
        stopped.set()
        await asyncio.shield(asyncio.gather(task, return_exceptions=True))
