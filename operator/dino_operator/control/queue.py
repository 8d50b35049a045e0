"""Keys that are due: each once, one worker at a time for each, later ones later, failing ones ever later."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time

from dino_operator import metrics

Key = tuple[str, str]

_FIRST_WAIT, _LONGEST_WAIT = 0.25, 60.0


class WorkQueue:
    """A set of keys with due times.

    A key that is added while it is worked on comes back when that is done; a key that is added twice is worked on
    once, at the earlier time.

    Args:
        first_wait, longest_wait: bounds of the back-off of a failing key, seconds.
    """

    def __init__(self, first_wait: float = _FIRST_WAIT, longest_wait: float = _LONGEST_WAIT) -> None:
        """Begin empty."""
        self._first, self._longest = first_wait, longest_wait
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._order = itertools.count()
        self._working: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._changed = asyncio.Event()

    def add(self, key: Key, delay: float = 0.0) -> None:
        """Have a key worked on, ``delay`` seconds from now at the latest."""
        due = time.monotonic() + delay
        if self._due.get(key, float("inf")) <= due:
            return
        self._due[key] = due
        if key not in self._working:
            self._push(due, key)

    def _push(self, due: float, key: Key) -> None:
        heapq.heappush(self._heap, (due, next(self._order), key))
        self._changed.set()

    async def get(self) -> Key:
        """Wait for a key that is due and take it; `done` must follow."""
        while True:
            wait = self._next()
            if isinstance(wait, tuple):
                return wait
            self._changed.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _next(self) -> Key | float | None:
        now = time.monotonic()
        while self._heap:
            due, _, key = self._heap[0]
            # Entries that another one overtook are left in the heap and dropped here.
            if key in self._working or self._due.get(key) != due:
                heapq.heappop(self._heap)
                continue
            if due > now:
                return due - now
            heapq.heappop(self._heap)
            del self._due[key]
            self._working.add(key)
            metrics.QUEUE_WAIT_SECONDS.observe(now - due)
            metrics.WORKERS_BUSY.set(len(self._working))
            # Others may wait for what is due next.
            self._changed.set()
            return key
        return None

    def done(self, key: Key) -> None:
        """Say that a key is worked on no more."""
        self._working.discard(key)
        metrics.WORKERS_BUSY.set(len(self._working))
        if (due := self._due.get(key)) is not None:
            self._push(due, key)

    def failed(self, key: Key) -> float:
        """Have a key worked on again after a wait that doubles with every failure in a row; return the wait."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        wait = min(self._longest, self._first * 2 ** min(failures, 20)) * random.uniform(0.5, 1.0)
        self.add(key, wait)
        return wait

    def succeeded(self, key: Key) -> None:
        """Begin the back-off of a key anew."""
        self._failures.pop(key, None)

    def forget(self, key: Key) -> None:
        """Drop a key and its history."""
        self._failures.pop(key, None)
        self._due.pop(key, None)

    def __len__(self) -> int:
        """How many keys are due by now."""
        now = time.monotonic()
        return sum(due <= now for due in self._due.values())
