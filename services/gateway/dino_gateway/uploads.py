"""Handler of upload-media."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dino_common.contracts import OPERATIONS
from dino_common.metrics import http_metrics
from dino_gateway.answers import json_answer
from dino_gateway.asset_view import AssetView
from dino_gateway.backends import Backends
from dino_gateway.call import Call
from dino_gateway.filenames import clean_filename
from dino_gateway.idempotency import fingerprint, read_key
from dino_gateway.ingest import Ingest, verify
from dino_gateway.multipart import read_upload
from dino_gateway.upload_fields import read_upload_fields


class UploadHandler:
    """Streams a form's file in, verifies it and makes an asset of it."""

    def __init__(self, backends: Backends, ingest: Ingest, view: AssetView) -> None:
        """Use these parts."""
        self._backends, self._ingest, self._view = backends, ingest, view
        self._operation = OPERATIONS["upload-media"]

    async def upload(self, call: Call, fields: None, request: Request) -> Response:
        """Answer ``POST /upload-media``."""
        settings = self._backends.settings
        key = read_key(request.headers)
        async with read_upload(request, settings.max_file_bytes) as form:
            facts = read_upload_fields(form.fields)
            file = form.file
            media = await file.finish()
            filename = clean_filename(form.filename, media.extension)
            mark = fingerprint(self._operation, [file.sha256, filename, facts.model_dump(mode="json")])

            async def put(object_key: str) -> None:
                with file.open() as content:
                    await self._backends.objects.put_file(object_key, content, media.content_type, file.size)

            async def work() -> Response:
                verified = await verify(media, file.source, file.sha256, file.size, settings.max_pixels)
                if media.kind == "image" and isinstance(file.source, bytes):
                    # Small files only; before the event, so that whoever it wakes finds them.
                    await self._backends.cache.put_original(file.sha256, file.source)
                record = await self._ingest.store(verified, filename, facts.tags, facts.metadata, put)
                http_metrics().uploaded(record.file_size)
                return json_answer(self._view.uploaded(record, request, call.seconds()), self._operation.status)

            return await self._backends.idempotency.run(call, self._operation, key, mark, work)
