"""Presigned uploads that are announced and not yet assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from dino_common.errors import Conflict, NotFound
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, to_milliseconds, utc_now

# The document outlives the URL, so that a late completion gets a clear answer and leftovers can be swept.
_KEPT_AFTER_EXPIRY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """A file that a client puts into the object store itself.

    Attributes:
        object_key: where the bytes are put; not the key of an asset yet, as their hash is unknown.
        content_type, file_size: as the client declared; bytes.
        owner: who asked for it.
        expires_at: when the URL stops working.
        asset_id: the asset that it became, or None.
    """

    upload_id: str
    object_key: str
    filename: str
    content_type: str
    file_size: int
    owner: str
    expires_at: datetime
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    created_at: datetime = field(default_factory=utc_now)
    asset_id: str | None = None


_FIELDS = tuple(name for name in PendingUpload.__dataclass_fields__ if name != "upload_id")


def _upload(document: Mapping[str, Any]) -> PendingUpload:
    return PendingUpload(document["_id"], **{name: document[name] for name in _FIELDS})


class UploadStore:
    """The ``uploads`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._uploads = mongo.db["uploads"]

    @guarded
    async def create(self, upload: PendingUpload) -> PendingUpload:
        """Store an announced upload and return it as it will be read.

        Raises:
            Conflict: the id is taken.
        """
        upload = replace(
            upload,
            created_at=to_milliseconds(upload.created_at),
            expires_at=to_milliseconds(upload.expires_at),
        )
        document = {name: getattr(upload, name) for name in _FIELDS}
        document |= {"_id": upload.upload_id, "schema": SCHEMA, "purge_at": upload.expires_at + _KEPT_AFTER_EXPIRY}
        try:
            await self._uploads.insert_one(document)
        except DuplicateKeyError as error:
            raise Conflict(f"Upload {upload.upload_id} exists already") from error
        return upload

    @guarded
    async def get(self, upload_id: str) -> PendingUpload:
        """Return an upload, completed ones too.

        Raises:
            NotFound: no upload has this id.
        """
        document = await self._uploads.find_one({"_id": upload_id})
        if document is None:
            raise NotFound(f"Upload {upload_id} not found", details="Announce it with POST /upload-media/presign.")
        return _upload(document)

    @guarded
    async def complete(self, upload_id: str, asset_id: str) -> PendingUpload:
        """Note the asset it became; of several completions the first counts, and all return the same asset.

        Raises:
            NotFound: no upload has this id.
        """
        document = await self._uploads.find_one_and_update(
            {"_id": upload_id, "asset_id": None},
            {"$set": {"asset_id": asset_id}},
            return_document=ReturnDocument.AFTER,
        )
        return await self.get(upload_id) if document is None else _upload(document)

    @guarded
    async def expired(self, limit: int = 100) -> list[PendingUpload]:
        """Return uploads that never became assets and whose URL no longer works, oldest first."""
        found = self._uploads.find({"expires_at": {"$lt": utc_now()}, "asset_id": None})
        return [_upload(document) async for document in found.sort("expires_at", ASCENDING).limit(limit)]

    @guarded
    async def delete(self, upload_id: str) -> None:
        """Forget an upload; an unknown id is no error."""
        await self._uploads.delete_one({"_id": upload_id})
