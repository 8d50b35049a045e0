"""Run an iterator a few items ahead in a thread of its own, so that decoding overlaps with what is done with frames."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from queue import Full, Queue
from typing import TypeVar

Item = TypeVar("Item")
_END = object()


@contextmanager
def ahead(items: Iterator[Item], count: int = 8) -> Generator[Iterator[Item], None, None]:
    """Iterate ``items`` in a thread, at most ``count`` of them waiting; the thread is over when the block is left.

    An exception of the iterator is raised where its item would have come.
    """
    queue: Queue[object] = Queue(count)
    over = threading.Event()
    failed: list[BaseException] = []

    def put(item: object) -> bool:
        while not over.is_set():
            try:
                queue.put(item, timeout=0.1)
                return True
            except Full:
                continue
        return False

    def run() -> None:
        try:
            for item in items:
                if not put(item):
                    break
        except BaseException as error:  # handed to the consumer, which raises it
            failed.append(error)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            put(_END)

    def coming() -> Iterator[Item]:
        while (item := queue.get()) is not _END:
            yield item  # type: ignore[misc]
        if failed:
            raise failed[0]

    thread = threading.Thread(target=run, name="decode-ahead", daemon=True)
    thread.start()
    try:
        yield coming()
    finally:
        over.set()
        thread.join()
