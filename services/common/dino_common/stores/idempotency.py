"""Idempotency keys: the first request with a key does the work, later ones get the same answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson.binary import Binary
from pymongo.errors import DuplicateKeyError

from dino_common.errors import Conflict
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

DEFAULT_LEASE_SECONDS = 330.0  # longer than any operation may take
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Reserved:
    """The caller shall do the work, then ``complete`` or ``release``; ``owner`` proves that it is still its turn."""

    key: str
    fingerprint: str
    owner: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The work was done: send this answer again."""

    status: int
    body: bytes
    fingerprint: str


class IdempotencyStore:
    """The ``idempotency`` collection; callers put who asks into the key, so that keys of two never meet."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._keys = mongo.db["idempotency"]

    @guarded
    async def reserve(
        self, key: str, fingerprint: str, ttl: float, lease: float = DEFAULT_LEASE_SECONDS
    ) -> Reserved | Replay:
        """Take the key, or return the answer that belongs to it.

        Args:
            key: the client's key with the caller's identity.
            fingerprint: hash of the request; the same key must always carry the same.
            ttl: seconds that the key and its answer are kept.
            lease: seconds after which a reservation without an answer is taken over, because whoever held
                it has died; longer than the operation's deadline.

        Raises:
            Conflict: another request with the key is under way (with retry_after), or carried other content.
        """
        owner = secrets.token_hex(8)
        for _ in range(_ATTEMPTS):
            now = utc_now()
            fresh: dict[str, Any] = {
                "schema": SCHEMA,
                "fingerprint": fingerprint,
                "state": "reserved",
                "owner": owner,
                "leased_until": now + timedelta(seconds=lease),
                "expires_at": now + timedelta(seconds=ttl),
            }
            try:
                await self._keys.insert_one({"_id": key, **fresh})
                return Reserved(key, fingerprint, owner)
            except DuplicateKeyError:
                held = await self._keys.find_one({"_id": key})
            if held is None:
                continue  # released or expired between the two
            if held["expires_at"] > now:
                if held["fingerprint"] != fingerprint:
                    raise Conflict(
                        "This Idempotency-Key was used with another request",
                        details="Use a new key for every different request.",
                    )
                if held["state"] == "done":
                    return Replay(held["status"], bytes(held["body"]), fingerprint)
                if held["leased_until"] > now:
                    raise Conflict(
                        "A request with this Idempotency-Key is under way",
                        details="Send the same request again after Retry-After seconds to get its answer.",
                        retry_after=1,
                    )
            # Expired, or its owner died: replace exactly what was read, so that only one of many takes it over.
            same = {"_id": key, "owner": held["owner"], "state": held["state"]}
            if (await self._keys.replace_one(same, fresh)).matched_count:
                return Reserved(key, fingerprint, owner)
        raise Conflict("A request with this Idempotency-Key is under way", retry_after=1)

    @guarded
    async def complete(self, key: str, status: int, body: bytes, fingerprint: str, owner: str | None = None) -> None:
        """Keep the answer for later requests with the key; nothing happens once another owner took it over."""
        conditions = {"_id": key, "state": "reserved", "fingerprint": fingerprint}
        if owner is not None:
            conditions["owner"] = owner
        await self._keys.update_one(conditions, {"$set": {"state": "done", "status": status, "body": Binary(body)}})

    @guarded
    async def release(self, key: str, owner: str | None = None) -> None:
        """Forget a reservation whose work failed, so that the next request with the key tries again."""
        conditions = {"_id": key, "state": "reserved"}
        if owner is not None:
            conditions["owner"] = owner
        await self._keys.delete_one(conditions)
