"""The same work on many items, a few at a time, that Ctrl-C ends at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def each(items: Sequence[T], work: Callable[[T], R], *, at_once: int) -> Iterator[tuple[int, R]]:
    """Yield (index, result) as results come, with at most ``at_once`` items in work.

    The threads are daemons, which the standard library's pool does not offer: a request that waits for the
    platform cannot keep an interrupted command alive. An exception of ``work`` is raised here.
    """
    waiting: queue.SimpleQueue[tuple[int, T]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, R | BaseException]] = queue.SimpleQueue()
    for pair in enumerate(items):
        waiting.put(pair)

    def run() -> None:
        while True:
            try:
                index, item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((index, work(item)))
            except BaseException as error:
                done.put((index, error))

    for _ in range(min(at_once, len(items))):
        threading.Thread(target=run, daemon=True).start()
    for _ in items:
        index, result = done.get()
        if isinstance(result, BaseException):
            raise result
        yield index, result
