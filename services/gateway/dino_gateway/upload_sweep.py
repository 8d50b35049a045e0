"""Clearing away what clients put into the object store and never made an asset of."""

from __future__ import annotations

import asyncio
import logging

from dino_common.errors import DinoError
from dino_gateway.backends import Backends

log = logging.getLogger(__name__)

_EVERY_SECONDS = 600.0


async def sweep_uploads(backends: Backends) -> None:
    """Remove abandoned uploads now and every ten minutes, for ever; several gateways may do so at once."""
    while True:
        try:
            await sweep_once(backends)
        except DinoError as error:
            log.info("abandoned uploads are looked for later: %s", error.message)
        except Exception:
            log.exception("looking for abandoned uploads failed")
        await asyncio.sleep(_EVERY_SECONDS)


async def sweep_once(backends: Backends) -> int:
    """Remove the bytes and announcements of uploads whose URL has expired; return how many there were."""
    found = await backends.uploads.expired()
    for upload in found:
        async with backends.locks.hold(f"upload:{upload.upload_id}"):
            if (await backends.uploads.get(upload.upload_id)).asset_id is None:
                await backends.objects.delete(upload.object_key)
                await backends.uploads.delete(upload.upload_id)
    if found:
        log.info("removed %d abandoned uploads", len(found))
    return len(found)
