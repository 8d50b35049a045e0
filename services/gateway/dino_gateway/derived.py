"""Assets that the platform makes itself, of a film or by a generator; the gateway alone writes assets."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from contextlib import suppress

from dino_common.bus.context import Context
from dino_common.contracts.derived import (
    FilmSizeRequest,
    FilmSizeResponse,
    IngestPictureRequest,
    RegisterDerivedRequest,
    RegisterDerivedResponse,
    RemoveDerivedRequest,
    RemoveDerivedResponse,
)
from dino_common.errors import AssetNotFound, Conflict, InvalidFileFormat
from dino_common.stores.assets import AssetRecord
from dino_gateway.assets import AssetHandlers
from dino_gateway.backends import Backends
from dino_gateway.filenames import clean_filename
from dino_gateway.ingest import Ingest, verify
from dino_gateway.sniff import HEAD_BYTES, sniff

_SPACE = uuid.UUID("4c3a4bb8-8e2b-4a5f-9f0e-3f3c9f6a4b10")


class DerivedHandlers:
    """register-derived-asset, remove-derived-assets and set-film-size."""

    def __init__(self, backends: Backends, ingest: Ingest, assets: AssetHandlers) -> None:
        """Use these parts."""
        self._b, self._ingest, self._assets = backends, ingest, assets

    async def register(self, context: Context, request: RegisterDerivedRequest) -> RegisterDerivedResponse:
        """Answer the bus operation ``register-derived-asset``; asked again, it answers with the asset of before.

        An asset of before takes over what the new metadata says; its other keys and its tags are the users'.

        Raises:
            AssetNotFound: the film has gone.
            InvalidFileFormat: the bytes are no whole picture.
        """
        film = await self._b.assets.get(request.video_asset_id)
        asset_id = str(uuid.uuid5(_SPACE, f"{film.asset_id}:{request.role}:{round(request.time * 1000)}"))
        known = (await self._b.assets.get_many([asset_id])).get(asset_id)
        if known is not None:
            if any(known.metadata.get(key) != value for key, value in request.metadata.items()):
                await self._assets.change(asset_id, metadata=request.metadata)
            return RegisterDerivedResponse(asset_id=asset_id, sha256=known.sha256)
        record = await self._store(asset_id, request, film.asset_id)
        if not await self._b.assets.get_many([film.asset_id]):
            # Deleted meanwhile, after its derived assets were looked for.
            await self._assets.remove(asset_id)
            raise AssetNotFound(f"Asset {film.asset_id} not found")
        return RegisterDerivedResponse(asset_id=record.asset_id, sha256=record.sha256)

    async def remove(self, context: Context, request: RemoveDerivedRequest) -> RemoveDerivedResponse:
        """Answer the bus operation ``remove-derived-assets``; an asset that was not made of this film stays."""
        found = await self._b.assets.get_many(request.asset_ids)
        removed = 0
        for record in found.values():
            if record.derived_from == request.video_asset_id:
                with suppress(AssetNotFound):
                    await self._assets.remove(record.asset_id)
                    removed += 1
        return RemoveDerivedResponse(removed=removed)

    async def ingest(self, context: Context, request: IngestPictureRequest) -> RegisterDerivedResponse:
        """Answer the bus operation ``ingest-picture``; asked again, it answers with the asset of before.

        Raises:
            InvalidFileFormat: the bytes are no whole picture.
        """
        record = (await self._b.assets.get_many([request.asset_id])).get(request.asset_id)
        if record is None:
            record = await self._store(request.asset_id, request, None)
        return RegisterDerivedResponse(asset_id=record.asset_id, sha256=record.sha256)

    async def _store(
        self, asset_id: str, request: RegisterDerivedRequest | IngestPictureRequest, derived_from: str | None
    ) -> AssetRecord:
        digest = await asyncio.to_thread(lambda: hashlib.sha256(request.data).hexdigest())
        media = sniff(request.data[:HEAD_BYTES])
        if media.kind != "image":
            raise InvalidFileFormat("a derived asset is a picture")
        verified = await verify(media, request.data, digest, len(request.data), self._b.settings.max_pixels)

        async def put(key: str) -> None:
            await self._b.objects.put_bytes(key, request.data, media.content_type)

        name = clean_filename(request.filename, media.extension)
        try:
            return await self._ingest.store(
                verified, name, request.tags, request.metadata, put, asset_id=asset_id, derived_from=derived_from
            )
        except Conflict:
            return await self._b.assets.get(asset_id)  # stored by another worker at the same time

    async def set_size(self, context: Context, request: FilmSizeRequest) -> FilmSizeResponse:
        """Answer the bus operation ``set-film-size``."""
        await self._b.assets.set_size(request.asset_id, request.width, request.height)
        return FilmSizeResponse()
