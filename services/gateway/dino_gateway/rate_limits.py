"""Requests a minute, counted in Redis for all replicas together, or in this process while Redis is down."""

from __future__ import annotations

import logging
import math
import time

from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from dino_common.contracts import RateClass
from dino_common.errors import RateLimited
from dino_common.settings import Settings

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60
_TIMEOUT_SECONDS = 0.25
_REST_SECONDS = 2.0
_FAILURES = (RedisError, OSError, TimeoutError)


class RateLimits:
    """Fixed windows of a minute, one counter a caller and class, one Redis round trip a request."""

    def __init__(self, settings: Settings) -> None:
        """Read the limits; nothing is opened yet."""
        self._limits = {
            RateClass.DEFAULT: settings.rate_limit_default,
            RateClass.UPLOAD: settings.rate_limit_upload,
            RateClass.BATCH: settings.rate_limit_batch,
            RateClass.NONE: 0,
        }
        self._prefix = f"{settings.prefix}:rate"
        self._shared = RedisStorage(
            f"async+{settings.redis_url}",
            implementation="redispy",
            key_prefix=self._prefix,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            max_connections=64,
            retry=Retry(NoBackoff(), 0),  # pyright: ignore[reportArgumentType]
        )
        self._own = MemoryStorage()
        self._rest_until = 0.0
        self._failing = False

    async def count(self, rate: RateClass, caller: str, headers: dict[str, str]) -> None:
        """Count a request.

        Args:
            rate: which limit counts.
            caller: whose requests are counted together.
            headers: of the answer; ``X-RateLimit-*`` is added where a limit holds, also to a refusal.

        Raises:
            RateLimited: it is one too many.
        """
        limit = self._limits[rate]
        if limit <= 0:
            return
        now = time.time()
        window = int(now // WINDOW_SECONDS)
        reset = (window + 1) * WINDOW_SECONDS
        used = await self._increment(f"{rate.value}:{caller}:{window}")
        headers["X-RateLimit-Limit"] = str(limit)
        headers["X-RateLimit-Remaining"] = str(max(0, limit - used))
        headers["X-RateLimit-Reset"] = str(reset)
        if used > limit:
            seconds = max(1, math.ceil(reset - now))
            raise RateLimited(
                f"More than {limit} requests a minute ({rate.value})",
                details=f"Wait {seconds} seconds.",
                retry_after=seconds,
            )

    async def _increment(self, key: str) -> int:
        if time.monotonic() >= self._rest_until:
            try:
                used = await self._shared.incr(key, WINDOW_SECONDS + 1)
            except _FAILURES as error:
                self._rest_until = time.monotonic() + _REST_SECONDS
                if not self._failing:
                    self._failing = True
                    log.warning(
                        "rate limits are counted in this process alone: Redis does not answer (%s)",
                        type(error).__name__,
                    )
            else:
                if self._failing:
                    self._failing = False
                    log.info("rate limits are counted in Redis again")
                return used
        return await self._own.incr(key, WINDOW_SECONDS + 1)

    async def close(self) -> None:
        """Close the connections."""
        await self._shared.bridge.storage.aclose()  # pyright: ignore[reportAttributeAccessIssue]
