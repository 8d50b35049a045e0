"""Handler of get-asset-content: the stored bytes, streamed, whole or in part."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dino_common.contracts.assets import AssetRequest
from dino_common.errors import AssetNotFound, ServiceUnavailable
from dino_gateway.answers import etag_matches
from dino_gateway.backends import Backends
from dino_gateway.byte_ranges import NotSatisfiable, parse_range
from dino_gateway.call import Call
from dino_gateway.filenames import content_disposition

# What strangers uploaded must not run, wherever a browser shows it.
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
    "Cache-Control": "private, max-age=300",
    "Accept-Ranges": "bytes",
}


class DownloadHandler:
    """Streams files to clients."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._backends = backends

    async def content(self, call: Call, fields: AssetRequest, request: Request) -> Response:
        """Answer ``GET /assets/{asset_id}/content``."""
        record = await self._backends.assets.get(fields.asset_id)
        etag = f'"{record.sha256}"'
        headers = {
            **_SAFE,
            "ETag": etag,
            "Content-Disposition": content_disposition(record.filename),
            "Content-Type": record.content_type,
        }
        if etag_matches(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        asked = request.headers.get("range")
        if request.headers.get("if-range") not in (None, etag):
            asked = None
        try:
            part = parse_range(asked, record.file_size)
        except NotSatisfiable:
            return Response(status_code=416, headers={**_SAFE, "Content-Range": f"bytes */{record.file_size}"})
        first, last = part or (0, record.file_size - 1)
        headers["Content-Length"] = str(last - first + 1)
        status = 200
        if part is not None:
            status = 206
            headers["Content-Range"] = f"bytes {first}-{last}/{record.file_size}"
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        try:
            stream = await self._backends.objects.stream(record.object_key, part)
        except AssetNotFound as error:
            # Deleted a moment ago, or the object store has lost it: only the document can tell.
            await self._backends.assets.get(fields.asset_id)
            raise ServiceUnavailable("The object store does not have this asset's bytes") from error
        return StreamingResponse(stream, status, headers)
