"""Handlers of large uploads: the client puts the bytes into the object store itself, then says so."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import IO, BinaryIO, cast

from starlette.requests import Request

from dino_common.contracts.assets import CompleteUploadRequest, PresignRequest, PresignResponse, UploadResponse
from dino_common.errors import AssetNotFound, Conflict, FileTooLarge, InvalidFileFormat, NotFound
from dino_common.metrics import http_metrics
from dino_common.stores.assets import AssetRecord
from dino_common.stores.mongo import utc_now
from dino_common.stores.uploads import PendingUpload
from dino_gateway.asset_view import AssetView
from dino_gateway.backends import Backends
from dino_gateway.call import Call
from dino_gateway.filenames import clean_filename
from dino_gateway.ingest import Ingest, Verified, verify
from dino_gateway.sniff import ACCEPTED, HEAD_BYTES, sniff
from dino_gateway.spool import SPOOLED

# Names of assets made from uploads live in a space of their own, so that a repeated completion makes no second one.
_SPACE = uuid.UUID("0f6f9a52-4c5d-4a5e-8c0b-2f5b7a1f4a10")
HOLDING = "incoming"
_ACCEPTED_TYPES = tuple(media.content_type for media in ACCEPTED)


class PresignedUploads:
    """Announces uploads and turns them into assets."""

    def __init__(self, backends: Backends, ingest: Ingest, view: AssetView) -> None:
        """Use these parts."""
        self._b, self._ingest, self._view = backends, ingest, view

    async def presign(self, call: Call, fields: PresignRequest, request: Request) -> PresignResponse:
        """Answer ``POST /upload-media/presign``."""
        settings = self._b.settings
        limit = settings.max_presigned_size_mb * 1024 * 1024
        if fields.content_type not in _ACCEPTED_TYPES:
            # The store keeps what is put under this type: image/svg+xml, say, would run in a browser.
            raise InvalidFileFormat(
                f"content_type: {fields.content_type} is not accepted", details=f"Use {', '.join(_ACCEPTED_TYPES)}."
            )
        if fields.file_size > limit:
            raise FileTooLarge(f"file_size: the limit of presigned uploads is {settings.max_presigned_size_mb} MB")
        upload_id = str(uuid.uuid4())
        seconds = settings.presigned_url_seconds
        upload = await self._b.uploads.create(
            PendingUpload(
                upload_id=upload_id,
                object_key=f"{HOLDING}/{upload_id}",
                filename=fields.filename,
                content_type=fields.content_type,
                file_size=fields.file_size,
                owner=call.principal.name,
                expires_at=utc_now() + timedelta(seconds=seconds),
                tags=list(fields.tags),
                metadata=dict(fields.metadata),
            )
        )
        url = await self._b.objects.presign_put(upload.object_key, fields.content_type, seconds, fields.file_size)
        headers = {"Content-Type": fields.content_type, "Content-Length": str(fields.file_size)}
        return PresignResponse(upload_id=upload_id, url=url, headers=headers, expires_at=upload.expires_at)

    async def complete(self, call: Call, fields: CompleteUploadRequest, request: Request) -> UploadResponse:
        """Answer ``POST /upload-media/complete``; repeating it answers the same asset."""
        upload = await self._b.uploads.get(fields.upload_id)
        if upload.owner != call.principal.name:
            raise NotFound(f"Upload {fields.upload_id} not found", details="It belongs to another credential.")
        async with self._b.locks.hold(f"upload:{upload.upload_id}"):
            upload = await self._b.uploads.get(fields.upload_id)
            record = await self._finished(upload) or await self._finish(upload)
        return self._view.uploaded(record, request, call.seconds())

    async def _finished(self, upload: PendingUpload) -> AssetRecord | None:
        """Return the asset that it has become: its id follows from the upload's, also after a crash half way."""
        try:
            record = await self._b.assets.get(upload.asset_id or _asset_id(upload))
        except AssetNotFound:
            if upload.asset_id is not None:
                raise
            return None
        await self._b.uploads.complete(upload.upload_id, record.asset_id)
        return record

    async def _finish(self, upload: PendingUpload) -> AssetRecord:
        objects = self._b.objects
        head = await objects.head(upload.object_key)
        if head is None:
            raise Conflict("The bytes have not been put yet", details="PUT them to the presigned URL first.")
        if head.size != upload.file_size:
            raise _other_size(upload)
        with tempfile.NamedTemporaryFile(prefix=SPOOLED) as file:
            verified = await self._verified(upload, file)
            filename = clean_filename(upload.filename, verified.media.extension)

            async def put(key: str) -> None:
                # The very bytes that were verified: the URL still works, so that what lies in the store by now
                # may be others, and whoever uploads these later would share them.
                await objects.put_file(key, cast("BinaryIO", file), verified.media.content_type, verified.size)

            record = await self._ingest.store(
                verified, filename, upload.tags, upload.metadata, put, asset_id=_asset_id(upload)
            )
        await self._b.uploads.complete(upload.upload_id, record.asset_id)
        await objects.delete(upload.object_key)
        http_metrics().uploaded(record.file_size)
        return record

    async def _verified(self, upload: PendingUpload, file: IO[bytes]) -> Verified:
        """Read the object once into the file: size, hash, type and whether it is whole."""
        digest, head, size = hashlib.sha256(), b"", 0
        async for chunk in await self._b.objects.stream(upload.object_key):
            size += len(chunk)
            if size > upload.file_size:
                raise _other_size(upload)
            if len(head) < HEAD_BYTES:
                head = (head + chunk)[:HEAD_BYTES]
                if len(head) == HEAD_BYTES:
                    sniff(head)  # no need to read the rest of a file of the wrong type
            await asyncio.to_thread(_take, digest, file, chunk)
        if size != upload.file_size:
            raise _other_size(upload)
        await asyncio.to_thread(file.flush)
        media = sniff(head)
        return await verify(media, Path(file.name), digest.hexdigest(), size, self._b.settings.max_pixels)


def _other_size(upload: PendingUpload) -> Conflict:
    return Conflict(
        f"file_size: {upload.file_size} bytes were announced, others were put",
        details="PUT exactly the announced file, or announce it anew.",
    )


def _take(digest: hashlib._Hash, file: IO[bytes], chunk: bytes) -> None:
    digest.update(chunk)
    file.write(chunk)


def _asset_id(upload: PendingUpload) -> str:
    return str(uuid.uuid5(_SPACE, upload.upload_id))
