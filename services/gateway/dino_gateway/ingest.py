"""Making an asset of verified bytes: object, document, cache and event, or nothing at all."""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from dino_common.bus.events import ASSET_CREATED
from dino_common.contracts.base import iso
from dino_common.errors import AssetNotFound, DinoError
from dino_common.imaging import ImageLimits, probe_image
from dino_common.stores.assets import AssetRecord
from dino_common.stores.mongo import utc_now
from dino_common.stores.objects import object_key
from dino_gateway.backends import Backends
from dino_gateway.containers import check_container
from dino_gateway.sniff import MediaType

log = logging.getLogger(__name__)

# Threads of their own and few: a large picture takes half a gigabyte and seconds, and must not keep others waiting.
_VERIFIERS = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="verify")

PutObject = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that were read to the end and are what they say; sizes in bytes and pixels."""

    media: MediaType
    sha256: str
    size: int
    width: int | None
    height: int | None


async def verify(media: MediaType, source: bytes | Path, sha256: str, size: int, max_pixels: int) -> Verified:
    """Decode a picture whole, or walk a film's container, in a thread.

    Raises:
        InvalidFileFormat: truncated, damaged or animated.
        FileTooLarge: more pixels than allowed.
    """
    loop = asyncio.get_running_loop()
    if media.kind == "video":
        await loop.run_in_executor(_VERIFIERS, check_container, media, source)
        return Verified(media, sha256, size, None, None)
    facts = await loop.run_in_executor(_VERIFIERS, probe_image, source, ImageLimits(max_pixels=max_pixels))
    return Verified(media, sha256, size, facts.width, facts.height)


class Ingest:
    """Stores assets so that a crash or a failing part at any step leaves nothing visible."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._b = backends

    async def store(
        self,
        verified: Verified,
        filename: str,
        tags: list[str],
        metadata: Mapping[str, Any],
        put: PutObject,
        asset_id: str | None = None,
        derived_from: str | None = None,
    ) -> AssetRecord:
        """Return the new asset once object, document and event are durable.

        Args:
            verified: what the bytes are.
            filename: cleaned.
            tags, metadata: of the client.
            put: stores the bytes under the key it is given; not called when they are there already.
            asset_id: a new one when left out.
            derived_from: the film that the platform made it of.

        Raises:
            ServiceUnavailable: a store or the bus does not answer; nothing is left behind.
        """
        b, media = self._b, verified.media
        key = object_key(verified.sha256, media.extension)
        async with b.locks.hold(verified.sha256):
            first = await b.assets.first_with_hash(verified.sha256)
            if not await self._is_stored(key, verified.size):
                await put(key)
            now = utc_now()
            if first is not None and first.upload_timestamp >= now:
                # Clocks of two gateways differ, and two uploads share a millisecond: the first stays the first.
                now = first.upload_timestamp + timedelta(milliseconds=1)
            record = AssetRecord(
                asset_id=asset_id or str(uuid.uuid4()),
                sha256=verified.sha256,
                object_key=key,
                content_type=media.content_type,
                filename=filename,
                file_size=verified.size,
                width=verified.width,
                height=verified.height,
                format=media.format,
                kind=media.kind,
                tags=list(tags),
                metadata=dict(metadata),
                upload_timestamp=now,
                updated_timestamp=now,
                duplicate_of=first.asset_id if first else None,
                derived_from=derived_from,
            )
            try:
                record = await b.assets.insert(record)
                await b.cache.put_asset_ref(record)
                await b.events.publish(
                    ASSET_CREATED, self._event(record), once=f"created:{record.asset_id}:{iso(record.upload_timestamp)}"
                )
            except BaseException:
                await asyncio.shield(self._undo(record))
                raise
        return record

    async def _is_stored(self, key: str, size: int) -> bool:
        head = await self._b.objects.head(key)
        return head is not None and head.size == size

    def _event(self, record: AssetRecord) -> dict[str, Any]:
        return {
            "asset_id": record.asset_id,
            "sha256": record.sha256,
            "object_key": record.object_key,
            "content_type": record.content_type,
            "kind": record.kind,
            "file_size": record.file_size,
            "at": iso(record.upload_timestamp),
            "extract": self._b.settings.extract_on_upload,
        }

    async def _undo(self, record: AssetRecord) -> None:
        """Take back a half-made asset; where that fails too, its object stays, so that nothing visible is broken."""
        try:
            with suppress(AssetNotFound):
                await self._b.assets.delete(record.asset_id)
            await self._b.cache.bury_asset(record.asset_id)
            if await self._b.assets.count_with_hash(record.sha256) == 0:
                await self._b.objects.delete(record.object_key)
        except DinoError as error:
            log.warning("asset %s could not be taken back: %s", record.asset_id, error.message)
