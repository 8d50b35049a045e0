"""Clearing away what crashed or ended work left behind: scratch of jobs and searches, late uploads, spooled files.

Everything below has an age, and what belongs to somebody has an owner that can be asked for. Nothing here is an asset.
"""

from __future__ import annotations

import asyncio
import logging
import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dino_common.contracts import Service
from dino_common.errors import Conflict, DinoError, NotFound
from dino_common.stores.mongo import utc_now
from dino_common.stores.objects import ObjectEntry
from dino_gateway.backends import Backends
from dino_gateway.presigned import HOLDING
from dino_gateway.spool import SPOOLED

log = logging.getLogger(__name__)

_EVERY_SECONDS = 600.0
SCRATCH = "scratch/"
_OF_FILM = re.compile(r"^scratch/shots/(?P<sha256>[0-9a-f]{64})/(jobs/(?P<job>[^/]+)/)?")


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose scratch is needed: ids of the jobs under way and contents of the films they look at."""

    jobs: frozenset[str]
    contents: frozenset[str]

    def need(self, key: str) -> bool:
        """Return whether a job under way may read the object; what lies there by no one's name is nobody's."""
        found = _OF_FILM.match(key)
        if found is None:
            return False
        return found["sha256"] in self.contents if found["job"] is None else found["job"] in self.jobs


async def sweep_scratch(backends: Backends) -> None:
    """Clear away now and every ten minutes, for ever; of several gateways one does so at a time."""
    while True:
        try:
            before = utc_now() - timedelta(seconds=backends.settings.scratch_ttl)
            await asyncio.to_thread(sweep_spooled, Path(tempfile.gettempdir()), before)
            async with backends.locks.hold("sweep:scratch", patience=0.0):
                await sweep_objects(backends, before)
        except Conflict:
            log.debug("another gateway clears scratch away")
        except DinoError as error:
            log.info("scratch is cleared away later: %s", error.message)
        except Exception:
            log.exception("clearing scratch away failed")
        await asyncio.sleep(_EVERY_SECONDS)


async def sweep_objects(backends: Backends, before: datetime) -> int:
    """Remove scratch and late uploads that are older than ``before`` and that nobody needs; return how many."""
    owners, removed = await _owners(backends), 0
    async for entry in _older(backends, SCRATCH, before):
        if not owners.need(entry.key):
            await backends.objects.delete(entry.key)
            removed += 1
    async for entry in _older(backends, f"{HOLDING}/", before):
        if await _is_late(backends, entry.key):
            await backends.objects.delete(entry.key)
            removed += 1
    if removed:
        log.info("removed %d objects that nothing needs any more", removed)
    return removed


def sweep_spooled(directory: Path, before: datetime) -> int:
    """Remove files that killed gateways were receiving and that nobody has written to since; return how many."""
    removed = 0
    for path in directory.glob(f"{SPOOLED}*"):
        try:
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                removed += 1
        except OSError:
            continue  # gone by now, or another user's
    return removed


async def _older(backends: Backends, prefix: str, before: datetime) -> AsyncIterator[ObjectEntry]:
    async for entry in backends.objects.below(prefix):
        if entry.last_modified < before:
            yield entry


async def _owners(backends: Backends) -> Owners:
    jobs = await backends.jobs.under_way(Service.VIDEO.value)
    films = [str(job.request["video_asset_id"]) for job in jobs if "video_asset_id" in job.request]
    records = await backends.assets.get_many(films)
    return Owners(frozenset(job.job_id for job in jobs), frozenset(record.sha256 for record in records.values()))


async def _is_late(backends: Backends, key: str) -> bool:
    """Return whether an upload's bytes were put again after it became an asset, or after all was forgotten of it.

    Those of uploads that are not complete go when their URL expires.
    """
    try:
        return (await backends.uploads.get(key.removeprefix(f"{HOLDING}/"))).asset_id is not None
    except NotFound:
        return True
