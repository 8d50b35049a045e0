"""A circuit around something optional: after a failure it rests, so that requests do not each wait."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TypeVar

from redis.exceptions import RedisError

from dino_common.metrics import store_metrics

log = logging.getLogger(__name__)

T = TypeVar("T")


class Circuit:
    """Runs calls with a short limit; failures are told once an outage and become the given default."""

    def __init__(self, name: str, timeout: float, rest: float) -> None:
        """Args:
        name: what it is, for the log.
        timeout: seconds a call may take.
        rest: seconds that nothing is tried after a failure.
        """
        self._name, self._timeout, self._rest = name, timeout, rest
        self._closed_at = 0.0
        self._failing = False
        self._metrics = store_metrics()
        self._metrics.circuit_open.set(lambda: float(self._failing), store="redis")

    @property
    def open(self) -> bool:
        """Whether calls are answered with their default without trying."""
        return time.monotonic() < self._closed_at

    async def attempt(self, call: Awaitable[T]) -> T:
        """Run a call whether the circuit is open or not.

        Raises:
            RedisError, OSError, TimeoutError: it failed; the circuit is open for a moment now.
        """
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                result = await call
        except (RedisError, OSError, TimeoutError) as error:
            self._closed_at = time.monotonic() + self._rest
            self._metrics.failed("redis")
            if not self._failing:
                self._failing = True
                log.warning("%s does not answer (%s); going on without it", self._name, type(error).__name__)
            raise
        self._metrics.answered("redis", "call", time.perf_counter() - began)
        if self._failing:
            self._failing = False
            log.info("%s answers again", self._name)
        self._closed_at = 0.0
        return result
