"""Work in threads that ends when its job is cancelled, and tells how far it is."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.25
# A thread cannot be ended from outside: one that hangs in a library is left, so that its job can end.
_PATIENCE_SECONDS = 30.0


async def run_stoppable(work: Callable[[Callable[[], bool]], T], look: Callable[[], Awaitable[None]]) -> T:
    """Run ``work(stop)`` in a thread, and ``look()`` four times a second beside it.

    Cancelled, it makes ``stop()`` true and waits for the thread to notice, so that nothing runs on unseen; one that
    has not noticed after half a minute is left behind, and the log tells of it.

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
        # Whatever it raises after it was left behind is nobody's any more.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait((task,), timeout=_PATIENCE_SECONDS)
        if not task.done():
            log.error("a thread hangs: it was told to stop %g s ago, and is left behind", _PATIENCE_SECONDS)
