"""What a job has found so far, in the object store: another worker goes on after the last segment."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from dino_common.bus import codec
from dino_common.bus.job_context import JobContext
from dino_common.errors import AssetNotFound
from dino_common.stores.objects import Objects
from dino_video.stretch.anew import BeginAnew

log = logging.getLogger(__name__)

_LARGEST = 512 * 1024 * 1024
_DELETED_AT_ONCE = 200
KEEP_EVERY = 3.0
"""Seconds of work that a crash may cost; it grows by a hundredth with each segment, so that hours are not thousands."""
WORK_PER_KEEPING = 20.0
"""Seconds of work for each second that keeping takes."""


class Segments:
    """The segments of one job: plain values and arrays, each written once.

    The job's document names those that count. A worker that has lost its job without knowing may still write one,
    but not name it. They lie below the film's other scratch, which goes when the film is deleted, so that a cancelled
    job leaves nothing for ever.
    """

    def __init__(self, objects: Objects, sha256: str, job_id: str, version: int) -> None:
        """Keep them in this store; of another ``version`` none is read."""
        self._objects, self._version = objects, version
        self._prefix = f"scratch/shots/{sha256}/jobs/{job_id}/"
        self._names: list[str] = []
        self._last, self._pause = time.monotonic(), KEEP_EVERY

    async def resume(self, job: JobContext) -> AsyncIterator[dict[str, Any]]:
        """Read what earlier workers have kept, in order and one at a time.

        Raises:
            BeginAnew: any of it is lost.
        """
        told = job.checkpoint if isinstance(job.checkpoint, dict) else {}
        names = [str(name) for name in told.get("segments", ())] if told.get("version") == self._version else []
        for name in names:
            try:
                data = await self._objects.get_bytes(self._prefix + name, _LARGEST)
                segment = await asyncio.to_thread(codec.unpack, data)
            except (AssetNotFound, ValueError) as error:
                raise BeginAnew(f"segment {name} is lost") from error
            yield segment
        self._names = names
        if names:
            log.info("job %s resumes after segment %d", job.job_id, len(names))

    @property
    def due(self) -> bool:
        """Whether the next segment should be kept now."""
        return time.monotonic() - self._last >= self._pause

    async def keep(self, segment: dict[str, Any], job: JobContext, done: int, total: int | None, stage: str) -> None:
        """Keep the next segment, then name it in the job's document."""
        began = time.monotonic()
        name = f"{len(self._names):05d}-{uuid.uuid4().hex[:8]}"
        data = await asyncio.to_thread(codec.pack, segment)
        await self._objects.put_bytes(self._prefix + name, data, "application/octet-stream")
        self._names.append(name)
        await job.advance(done, total, stage, self._checkpoint())
        self._last = time.monotonic()
        self._pause = max(KEEP_EVERY * (1 + len(self._names) / 100), WORK_PER_KEEPING * (self._last - began))

    async def begin_anew(self, job: JobContext, stage: str) -> None:
        """Count none of what was kept."""
        self._names = []
        await job.advance(0, None, stage, self._checkpoint())

    async def forget(self) -> None:
        """Remove them all."""
        while await self._objects.delete_below(self._prefix, _DELETED_AT_ONCE) == _DELETED_AT_ONCE:
            pass

    def _checkpoint(self) -> dict[str, Any]:
        return {"version": self._version, "segments": self._names}
