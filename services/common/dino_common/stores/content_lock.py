"""One at a time per content: uploads and deletions of the same bytes wait for each other, across processes.

Assets with the same bytes share one object. Without the lock, a deletion that finds itself the last could remove
the object just as an upload of the same bytes decides that it need not be stored again; and of two first
uploads at once, neither would name the other as ``duplicate_of``.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from dino_common.errors import Conflict, DinoError, ServiceUnavailable
from dino_common.stores.mongo import SCHEMA, Mongo, utc_now

log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=30)
_RENEW_EVERY = 8.0
_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.25


class Lease:
    """A lock as it is held; it may be lost, where MongoDB or this process stood still for longer than the lease."""

    def __init__(self, mongo: Mongo, locks: Any, key: str, owner: str) -> None:
        """Stand for the lock that this owner has taken."""
        self._mongo, self._locks, self._key, self._owner = mongo, locks, key, owner

    async def confirm(self) -> None:
        """Renew the lease: from here on nobody else takes the lock for 30 seconds.

        Raises:
            ServiceUnavailable: another has taken it meanwhile, or MongoDB does not answer.
        """
        if not await self._renewed():
            raise ServiceUnavailable("The lock was lost to another process meanwhile", retry_after=2)

    async def keep(self) -> None:
        """Renew the lease every few seconds, for ever."""
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            try:
                if not await self._renewed():
                    log.warning("the lock of content %s was lost", self._key[:12])
                    return
            except DinoError as error:
                log.warning("the lock of content %s is not renewed: %s", self._key[:12], error.message)

    async def give_back(self) -> None:
        """Let others have the lock at once."""
        try:
            with self._mongo.guard():
                await self._locks.delete_one({"_id": self._key, "owner": self._owner})
        except DinoError as error:
            log.warning("the lock of content %s ends by its lease: %s", self._key[:12], error.message)

    async def _renewed(self) -> bool:
        with self._mongo.guard():
            renewed = await self._locks.update_one(
                {"_id": self._key, "owner": self._owner}, {"$set": {"expires_at": utc_now() + _LEASE}}
            )
        return renewed.matched_count == 1


class ContentLock:
    """Leases in the ``content_locks`` collection; one whose process died ends after 30 seconds."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._locks = mongo.db["content_locks"]

    @asynccontextmanager
    async def hold(self, sha256: str, patience: float = 60.0) -> AsyncIterator[Lease]:
        """Hold the content's lock inside the block; it is renewed as long as the block runs.

        Args:
            sha256: the content, or another name of what one at a time may work on.
            patience: seconds to wait for others.

        Raises:
            Conflict: others held it for longer than that.
            ServiceUnavailable: MongoDB does not answer.
        """
        owner = secrets.token_hex(8)
        await self._take(sha256, owner, patience)
        lease = Lease(self._mongo, self._locks, sha256, owner)
        renewal = asyncio.create_task(lease.keep())
        try:
            yield lease
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
            await asyncio.shield(lease.give_back())

    async def _take(self, sha256: str, owner: str, patience: float) -> None:
        until = time.monotonic() + patience
        wait = _FIRST_WAIT
        while not await self._try(sha256, owner):
            if time.monotonic() >= until:
                raise Conflict("Another request works on the same content", retry_after=2)
            # Scattered, so that those who wait do not ask in step.
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 1.5, _LONGEST_WAIT)

    async def _try(self, sha256: str, owner: str) -> bool:
        with self._mongo.guard():
            now = utc_now()
            lease = {"schema": SCHEMA, "owner": owner, "expires_at": now + _LEASE}
            try:
                await self._locks.insert_one({"_id": sha256, **lease})
                return True
            except DuplicateKeyError:
                dead = {"_id": sha256, "expires_at": {"$lt": now}}
                return (await self._locks.replace_one(dead, lease)).matched_count == 1
