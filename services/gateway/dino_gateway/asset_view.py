"""A stored asset as the REST surface shows it."""

from __future__ import annotations

import re

from starlette.requests import Request

from dino_common.contracts.assets import Asset, UploadMetadata, UploadResponse
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord

_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


class AssetView:
    """Makes answers of records; URLs point to the public store, or to this gateway."""

    def __init__(self, settings: Settings) -> None:
        """Use the configured addresses."""
        self._public_store = settings.s3_public_url.rstrip("/") if settings.s3_public_url else None
        self._public = settings.public_url.rstrip("/") if settings.public_url else None
        self._fallback = f"localhost:{settings.api_port}"

    def url(self, record: AssetRecord, request: Request) -> str:
        """Return where clients read the file."""
        if self._public_store:
            return f"{self._public_store}/{record.object_key}"
        return f"{self._public or self._own(request)}/api/v1/assets/{record.asset_id}/content"

    def _own(self, request: Request) -> str:
        host = request.headers.get("host", "")
        return f"{request.url.scheme}://{host if _HOST.fullmatch(host) else self._fallback}"

    def asset(self, record: AssetRecord, request: Request) -> Asset:
        """Return the asset's public facts."""
        url = self.url(record, request)
        return Asset(
            asset_id=record.asset_id,
            filename=record.filename,
            content_type=record.content_type,
            file_size=record.file_size,
            kind=record.kind,  # type: ignore[arg-type]
            format=record.format,
            width=record.width,
            height=record.height,
            sha256=record.sha256,
            public_url=url,
            media_url=url,
            upload_timestamp=record.upload_timestamp,
            updated_timestamp=record.updated_timestamp,
            processing_status=record.processing_status,
            duplicate_of=record.duplicate_of,
            derived_from=record.derived_from,
            tags=record.tags,
            metadata=record.metadata,
        )

    def uploaded(self, record: AssetRecord, request: Request, seconds: float) -> UploadResponse:
        """Return the answer of an upload that took so many seconds."""
        url = self.url(record, request)
        return UploadResponse(
            asset_id=record.asset_id,
            filename=record.filename,
            content_type=record.content_type,
            file_size=record.file_size,
            public_url=url,
            media_url=url,
            width=record.width,
            height=record.height,
            format=record.format,
            sha256=record.sha256,
            upload_timestamp=record.upload_timestamp,
            processing_status=record.processing_status,
            processing_time=round(seconds, 4),
            duplicate_of=record.duplicate_of,
            metadata=UploadMetadata(
                filename=record.filename,
                size=record.file_size,
                content_type=record.content_type,
                upload_timestamp=record.upload_timestamp,
            ),
        )
