"""API keys: shown once, kept as a hash, revocable."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import DESCENDING

from dino_common.errors import NotFound
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

_BRAND = "dino"
_SECRET_BYTES = 32
# last_used_at is for people who tidy up: once a minute is enough and spares a write for every request.
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret.

    Attributes:
        key_id: public part, safe to log.
        scopes: any of read, write, admin.
        hash: SHA-256 of the secret part, in hex.
    """

    key_id: str
    name: str
    scopes: tuple[str, ...]
    hash: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > utc_now())


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a key's secret part in hex.

    A plain fast hash is right here: the secret is 256 random bits, so it cannot be found by trying, whatever
    the hash costs; bcrypt or argon2 protect what people choose, and would cost every request milliseconds.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def split_key(plaintext: str) -> tuple[str, str] | None:
    """Return id and secret of a key's text, or None when it has not the form ``dino_<id>_<secret>``."""
    parts = plaintext.split("_", 2)
    if len(parts) != 3 or parts[0] != _BRAND or not parts[1] or not parts[2] or len(plaintext) > 200:
        return None
    return parts[1], parts[2]


def _key(document: Mapping[str, Any]) -> ApiKey:
    return ApiKey(
        key_id=document["_id"],
        name=document["name"],
        scopes=tuple(document["scopes"]),
        hash=document["hash"],
        created_at=document["created_at"],
        expires_at=document["expires_at"],
        revoked_at=document["revoked_at"],
        last_used_at=document["last_used_at"],
    )


class ApiKeyStore:
    """The ``api_keys`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._keys = mongo.db["api_keys"]

    @guarded
    async def create(
        self, name: str, scopes: Sequence[str], expires_in_days: float | None = None
    ) -> tuple[ApiKey, str]:
        """Store a new key; return it and its text ``dino_<id>_<secret>``, which cannot be had again."""
        now = utc_now()
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            key_id=secrets.token_hex(8),
            name=name,
            scopes=tuple(scopes),
            hash=hash_secret(secret),
            created_at=now,
            expires_at=None if expires_in_days is None else now + timedelta(days=expires_in_days),
        )
        await self._keys.insert_one(
            {
                "_id": key.key_id,
                "schema": SCHEMA,
                "name": name,
                "scopes": list(scopes),
                "hash": key.hash,
                "created_at": now,
                "expires_at": key.expires_at,
                "revoked_at": None,
                "last_used_at": None,
            }
        )
        return key, f"{_BRAND}_{key.key_id}_{secret}"

    @guarded
    async def find(self, plaintext: str) -> ApiKey | None:
        """Return the usable key with this text, or None; the hashes are compared in constant time."""
        parts = split_key(plaintext)
        if parts is None:
            return None
        key_id, secret = parts
        document = await self._keys.find_one({"_id": key_id})
        expected = document["hash"] if document is not None else hash_secret("")
        if not hmac.compare_digest(hash_secret(secret), expected) or document is None:
            return None
        key = _key(document)
        if not key.usable:
            return None
        now = utc_now()
        if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
            await self._keys.update_one({"_id": key_id}, {"$set": {"last_used_at": now}})
        return key

    @guarded
    async def list(self) -> list[ApiKey]:
        """Return all keys, revoked and expired ones too, newest first."""
        return [_key(document) async for document in self._keys.find().sort([("created_at", DESCENDING)])]

    @guarded
    async def revoke(self, key_id: str) -> ApiKey:
        """Make a key useless from now on; revoking it again changes nothing.

        Raises:
            NotFound: no key has this id.
        """
        await self._keys.update_one({"_id": key_id, "revoked_at": None}, {"$set": {"revoked_at": utc_now()}})
        document = await self._keys.find_one({"_id": key_id})
        if document is None:
            raise NotFound(f"API key {key_id} not found", details="See dino keys list.")
        return _key(document)
