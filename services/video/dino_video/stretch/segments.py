"""What a job has found so far, in the object store: another worker goes on after the last segment."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from dino_common.bus import codec
from dino_common.bus.job_context import JobContext
from dino_common.errors import AssetNotFound
from dino_common.stores.objects import Objects

log = logging.getLogger(__name__)

_LARGEST = 512 * 1024 * 1024
_DELETED_AT_ONCE = 200
KEEP_EVERY = 3.0
"""Seconds of work that a crash may cost."""


class Segments:
    """The segments of one job: plain values and arrays, each written once.

    They lie below the film's other scratch, which goes when the film is deleted, so that a cancelled job leaves
    nothing for ever.
    """

    def __init__(self, objects: Objects, sha256: str, job_id: str, version: int) -> None:
        """Keep them in this store; of another ``version`` none is read."""
        self._objects, self._version = objects, version
        self._prefix = f"scratch/shots/{sha256}/jobs/{job_id}/"
        self._kept = 0
        self._last = time.monotonic()

    async def resume(self, job: JobContext) -> list[dict[str, Any]]:
        """Return what earlier workers have kept, in order; nothing when any of it is lost."""
        told = job.checkpoint if isinstance(job.checkpoint, dict) else {}
        if told.get("version") != self._version:
            return []
        found = []
        for number in range(int(told.get("segments", 0))):
            try:
                data = await self._objects.get_bytes(self._key(number), _LARGEST)
                found.append(await asyncio.to_thread(codec.unpack, data))
            except (AssetNotFound, ValueError):
                log.warning("job %s begins anew: segment %d is lost", job.job_id, number)
                return []
        self._kept = len(found)
        if found:
            log.info("job %s resumes after segment %d", job.job_id, len(found))
        return found

    @property
    def due(self) -> bool:
        """Whether the next segment should be kept now."""
        return time.monotonic() - self._last >= KEEP_EVERY

    async def keep(self, segment: dict[str, Any], job: JobContext, done: int, total: int | None, stage: str) -> None:
        """Keep the next segment, then tell the job's document of it."""
        data = await asyncio.to_thread(codec.pack, segment)
        await self._objects.put_bytes(self._key(self._kept), data, "application/octet-stream")
        self._kept += 1
        await job.advance(done, total, stage, self._checkpoint())
        self._last = time.monotonic()

    async def begin_anew(self, job: JobContext, stage: str) -> None:
        """Forget what was kept, as after a change of the model."""
        self._kept = 0
        await job.advance(0, None, stage, self._checkpoint())

    async def forget(self) -> None:
        """Remove them all."""
        while await self._objects.delete_below(self._prefix, _DELETED_AT_ONCE) == _DELETED_AT_ONCE:
            pass

    def _checkpoint(self) -> dict[str, int]:
        return {"version": self._version, "segments": self._kept}

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:05d}"
