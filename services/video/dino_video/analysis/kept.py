"""Where decoded chunks wait in the object store, so that a worker goes on where another one died."""

from __future__ import annotations

import asyncio

from dino_common.errors import AssetNotFound
from dino_common.stores.objects import Objects
from dino_video.analysis.chunk_record import VERSION, ChunkRecord, unpack_record

_ROOT = "scratch/shots"
_LARGEST = 512 * 1024 * 1024
_DELETED_AT_ONCE = 200


class KeptChunks:
    """The chunks of one film, by content: jobs on the same bytes share them."""

    def __init__(self, objects: Objects, sha256: str) -> None:
        """Keep them in this store."""
        self._objects = objects
        self._prefix = f"{_ROOT}/{sha256}/v{VERSION}/"

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:05d}"

    async def has(self, number: int) -> bool:
        """Return whether a chunk was decoded before."""
        return await self._objects.exists(self._key(number))

    async def put(self, number: int, record: ChunkRecord) -> None:
        """Keep a chunk."""
        data = await asyncio.to_thread(record.pack)
        await self._objects.put_bytes(self._key(number), data, "application/octet-stream")

    async def get(self, number: int) -> ChunkRecord | None:
        """Return a kept chunk; None when there is none, or none that can be read."""
        try:
            data = await self._objects.get_bytes(self._key(number), _LARGEST)
            return await asyncio.to_thread(unpack_record, data)
        except (AssetNotFound, ValueError, KeyError):
            return None

    async def forget(self) -> None:
        """Remove them all."""
        while await self._objects.delete_below(self._prefix, _DELETED_AT_ONCE) == _DELETED_AT_ONCE:
            pass


async def forget_content(objects: Objects, sha256: str) -> None:
    """Remove what is kept of a content whose last asset has gone."""
    while await objects.delete_below(f"{_ROOT}/{sha256}/", _DELETED_AT_ONCE) == _DELETED_AT_ONCE:
        pass
