"""What a thread makes, a few items ahead of the event loop that uses it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar

Item = TypeVar("Item")
Stop = Callable[[], bool]
_END = object()
_LOOK_SECONDS = 0.1


@asynccontextmanager
async def flowing(items: Callable[[Stop], Iterator[Item]], waiting: int = 2) -> AsyncGenerator[AsyncIterator[Item]]:
    """Iterate ``items(stop)`` in a thread of its own, at most ``waiting`` items ahead.

    A thread of its own, since one of a pool would be held for as long as the film lasts: a pool's worth of films
    would leave none for the work that they wait for. When the block is left, ``stop()`` becomes true and the
    thread is over before anything goes on; what the iterator raises is raised where its item would have come.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[object] = asyncio.Queue()
    room = threading.Semaphore(waiting)
    stopped = threading.Event()
    failed: list[BaseException] = []
    over = asyncio.Event()

    def hand(item: object) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, item)

    def run() -> None:
        try:
            for item in items(stopped.is_set):
                while not room.acquire(timeout=_LOOK_SECONDS):
                    if stopped.is_set():
                        return
                if stopped.is_set():
                    return
                hand(item)
        except BaseException as error:  # handed to the consumer, which raises it
            failed.append(error)
        finally:
            hand(_END)
            loop.call_soon_threadsafe(over.set)

    async def coming() -> AsyncIterator[Item]:
        while (item := await queue.get()) is not _END:
            yield item  # type: ignore[misc]
            room.release()
        if failed:
            raise failed[0]

    thread = threading.Thread(target=run, name="frames", daemon=True)
    thread.start()
    try:
        yield coming()
    finally:
        stopped.set()
        await _ended(over)
        thread.join()


async def _ended(over: asyncio.Event) -> None:
    """Wait for the event, and pass a cancellation on only after it."""
    waiting = asyncio.ensure_future(over.wait())
    try:
        await asyncio.shield(waiting)
    except asyncio.CancelledError:
        await asyncio.wait((waiting,))
        raise
