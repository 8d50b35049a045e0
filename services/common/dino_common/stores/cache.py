"""The Redis cache: hot copies of what can be had elsewhere. Redis down means slower, never wrong."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from dino_common.bus.codec import pack, unpack
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord
from dino_common.stores.circuit import Circuit

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
REST_SECONDS = 1.0
# How long a deleted asset may at worst be served after Redis was out of reach and the deleting process died.
ASSET_REF_TTL = 600
# Uploads are mostly extracted at once or by the client's next call.
ORIGINAL_TTL = 600
# Longer than any reader may hold an asset that it read before the deletion.
TOMBSTONE_TTL = 3600
_TOMBSTONE = b"deleted"
_HASH = 64
_TIME = struct.Struct("<d")
# How long another process may still find a deleted asset after Redis is back.
_BURY_AGAIN_EVERY = 0.05
_MISS_ERRORS = (RedisError, OSError, TimeoutError)

# A reference begins with the content hash in hex, so that the script finds the features' key without decoding.
# KEYS[1] prefix of references, KEYS[2] of features, ARGV[1] model version, ARGV[2..] asset ids.
_FEATURES_FOR = """
local found = {}
for i = 2, #ARGV do
  local ref = redis.call('GET', KEYS[1] .. ARGV[i])
  local vector = false
  if ref and #ref > 64 then
    vector = redis.call('GET', KEYS[2] .. string.sub(ref, 1, 64) .. ':' .. ARGV[1])
  else
    ref = false
  end
  found[#found + 1] = ref
  found[#found + 1] = vector
end
return found
"""
# KEYS[1] the reference, ARGV: value, seconds to live, "1" to leave an existing value. A tombstone always stays.
_PUT_REF = """
local held = redis.call('GET', KEYS[1])
if not held or (held ~= 'deleted' and ARGV[3] == '0') then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
"""


@dataclass(frozen=True, slots=True)
class AssetRef:
    """What the hot path needs to know of an asset."""

    asset_id: str
    sha256: str
    object_key: str
    kind: str


@dataclass(frozen=True, slots=True)
class CachedFeatures:
    """Features, float32 (dimension,), read-only, and when they were computed."""

    vector: np.ndarray
    created_at: datetime


class Cache:
    """The cache of one process. Attributes ``hits`` and ``misses`` count vectors asked for."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the client; nothing is opened yet."""
        self._prefix = settings.prefix
        self._features_ttl = settings.features_ttl
        self._similarity_ttl = settings.similarity_ttl
        self._preprocessed_ttl = settings.preprocessed_ttl
        self._redis = Redis(
            connection_pool=BlockingConnectionPool.from_url(
                settings.redis_url,
                max_connections=64,
                timeout=TIMEOUT_SECONDS,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                # A second try would double the wait of a request that can do without the cache.
                retry=Retry(NoBackoff(), 0),
            )
        )
        self._features_for = self._redis.register_script(_FEATURES_FOR)
        self._put_ref = self._redis.register_script(_PUT_REF)
        parts = urlsplit(settings.redis_url)
        self._circuit = Circuit(
            f"the cache (Redis at {parts.hostname}:{parts.port or 6379})", TIMEOUT_SECONDS, REST_SECONDS
        )
        self._burials: dict[str, asyncio.Task[None]] = {}
        self.hits = self.misses = 0

    # -- features -----------------------------------------------------------------------------------------

    async def features_for(
        self, asset_ids: Sequence[str], model_version: str
    ) -> list[tuple[AssetRef | None, CachedFeatures | None]]:
        """Return what is known of each asset, in order, by one round trip.

        Returns:
            For each id its reference, or None when unknown or deleted, and its features, or None.
        """
        if not asset_ids:
            return []
        keys = [self._key("asset", ""), self._key("features", "")]
        reply = await self._ask(lambda: self._features_for(keys=keys, args=[model_version, *asset_ids]))
        if reply is None:
            self.misses += len(asset_ids)
            return [(None, None)] * len(asset_ids)
        found = [
            (None, None) if asset_id in self._burials else (_read_ref(asset_id, ref), _read_vector(vector))
            for asset_id, ref, vector in zip(asset_ids, reply[0::2], reply[1::2], strict=True)
        ]
        hits = sum(vector is not None for _, vector in found)
        self.hits += hits
        self.misses += len(found) - hits
        return found

    async def put_features(self, sha256: str, model_version: str, vector: np.ndarray, created_at: datetime) -> None:
        """Keep features, float32 (dimension,), and when they were computed, for a day."""
        data = _TIME.pack(created_at.timestamp()) + np.ascontiguousarray(vector, dtype="<f4").tobytes()
        await self._put(self._key("features", f"{sha256}:{model_version}"), data, self._features_ttl)

    async def forget_content(self, sha256: str, model_versions: Sequence[str], preprocessing_id: str) -> None:
        """Remove a content's features, pixels and bytes; what Redis cannot remove now goes with its time."""
        keys = [self._key("features", f"{sha256}:{version}") for version in model_versions]
        keys += [
            self._key("blob", f"preprocessed:{sha256}:{preprocessing_id}"),
            self._key("blob", f"original:{sha256}"),
        ]
        await self._ask(lambda: self._redis.delete(*keys))

    # -- assets -------------------------------------------------------------------------------------------

    async def put_asset_ref(self, record: AssetRecord, only_if_absent: bool = False) -> None:
        """Keep what the hot path needs of an asset for ten minutes, unless it was deleted meanwhile.

        Args:
            record: the asset.
            only_if_absent: leave an entry that is there, with the time it has left.
        """
        if record.asset_id in self._burials:
            return
        data = record.sha256.encode() + pack([record.object_key, record.kind])
        key = self._key("asset", record.asset_id)
        arguments = [data, ASSET_REF_TTL, int(only_if_absent)]
        await self._ask(lambda: self._put_ref(keys=[key], args=arguments))

    async def bury_asset(self, asset_id: str) -> None:
        """Make a deleted asset unknown to every reader of the cache.

        A tombstone keeps the place for an hour, so that no reader can put the asset back that it read before.
        When Redis is out of reach, this process answers as if it were buried, and the burial is tried again in
        the background until it is done.
        """
        try:
            await self._circuit.attempt(self._bury(asset_id))
        except _MISS_ERRORS:
            if asset_id not in self._burials:
                self._burials[asset_id] = asyncio.create_task(self._bury_later(asset_id))

    async def _bury(self, asset_id: str) -> None:
        await self._redis.set(self._key("asset", asset_id), _TOMBSTONE, ex=TOMBSTONE_TTL)

    async def _bury_later(self, asset_id: str) -> None:
        while True:
            await asyncio.sleep(_BURY_AGAIN_EVERY)
            try:
                await self._circuit.attempt(self._bury(asset_id))
            except _MISS_ERRORS:
                continue
            self._burials.pop(asset_id, None)
            return

    # -- derived values -----------------------------------------------------------------------------------

    async def get_similarity(self, kind: str, *parts: str) -> Any | None:
        """Return a value kept for these parts in whatever order, or None.

        Args:
            kind: what was computed, with everything it depends on beside the parts (the model version).
            parts: content hashes.
        """
        data = await self.get_blob(_similarity_key(kind, parts))
        return None if data is None else _unpacked(data)

    async def put_similarity(self, kind: str, *parts: str, value: Any) -> None:
        """Keep a value (plain values and arrays) for these parts for an hour."""
        await self.put_blob(_similarity_key(kind, parts), pack(value), self._similarity_ttl)

    async def get_preprocessed(self, sha256: str, preprocessing_id: str) -> bytes | None:
        """Return a picture's pixels as the model takes them, or None."""
        return await self.get_blob(f"preprocessed:{sha256}:{preprocessing_id}")

    async def put_preprocessed(self, sha256: str, preprocessing_id: str, data: bytes) -> None:
        """Keep a picture's pixels as the model takes them for six hours."""
        await self.put_blob(f"preprocessed:{sha256}:{preprocessing_id}", data, self._preprocessed_ttl)

    async def get_original(self, sha256: str) -> bytes | None:
        """Return the bytes of a file that was uploaded a moment ago, or None."""
        return await self.get_blob(f"original:{sha256}")

    async def put_original(self, sha256: str, data: bytes) -> None:
        """Keep a small file's bytes for ten minutes, so that its first extraction spares the object store."""
        await self.put_blob(f"original:{sha256}", data, ORIGINAL_TTL)

    async def get_blob(self, key: str) -> bytes | None:
        """Return the bytes kept under a key of the caller's own, or None."""
        name = self._key("blob", key)
        return await self._ask(lambda: self._redis.get(name))

    async def put_blob(self, key: str, data: bytes, ttl: int) -> None:
        """Keep bytes under a key of the caller's own for ``ttl`` seconds."""
        await self._put(self._key("blob", key), data, ttl)

    # -- the connection -----------------------------------------------------------------------------------

    async def ping(self) -> bool:
        """Return whether Redis answers now; waits a quarter of a second at most."""
        try:
            await self._circuit.attempt(self._redis.execute_command("PING"))
        except _MISS_ERRORS:
            return False
        return True

    async def close(self) -> None:
        """Close every connection; burials that are not done yet are given up and said."""
        if self._burials:
            log.warning("%d deleted assets may be cached for up to %d s", len(self._burials), ASSET_REF_TTL)
        tasks = tuple(self._burials.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()

    def _key(self, kind: str, rest: str) -> str:
        return f"{self._prefix}:{kind}:{rest}"

    async def _put(self, key: str, data: bytes, ttl: int) -> None:
        await self._ask(lambda: self._redis.set(key, data, ex=ttl))

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any | None:
        if self._circuit.open:
            return None
        try:
            return await self._circuit.attempt(call())
        except _MISS_ERRORS:
            return None


def _read_ref(asset_id: str, data: bytes | None) -> AssetRef | None:
    value = None if data is None else _unpacked(data[_HASH:])
    if data is None or not isinstance(value, list) or len(value) != 2:
        return None
    return AssetRef(asset_id, data[:_HASH].decode("ascii", "replace"), value[0], value[1])


def _read_vector(data: bytes | None) -> CachedFeatures | None:
    if not data or len(data) <= _TIME.size or len(data) % 4:
        return None
    try:
        created_at = datetime.fromtimestamp(_TIME.unpack_from(data)[0], UTC)
    except (ValueError, OverflowError, OSError):
        return None  # written by another version: a miss
    return CachedFeatures(np.frombuffer(data, dtype="<f4", offset=_TIME.size), created_at)


def _unpacked(data: bytes) -> Any | None:
    try:
        return unpack(data)
    except ValueError:
        return None  # written by another version: a miss


def _similarity_key(kind: str, parts: Sequence[str]) -> str:
    joined = "\0".join((kind, *sorted(parts)))
    return f"similarity:{hashlib.blake2b(joined.encode(), digest_size=20).hexdigest()}"
