"""Handlers of the assets group."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from starlette.requests import Request

from dino_common.bus.events import ASSET_DELETED, ASSET_UPDATED
from dino_common.contracts.assets import (
    Asset,
    AssetPage,
    AssetRequest,
    DeleteAssetResponse,
    ListAssetsRequest,
    UpdateAssetRequest,
)
from dino_common.contracts.base import iso
from dino_common.errors import AssetNotFound, DinoError
from dino_common.stores.assets import AssetRecord
from dino_gateway.asset_view import AssetView
from dino_gateway.backends import Backends
from dino_gateway.call import Call

log = logging.getLogger(__name__)

_TELL_AGAIN_SECONDS = (1, 2, 5, 10, 30, 60, 60, 60)


class AssetHandlers:
    """Lists, shows, changes and deletes assets."""

    def __init__(self, backends: Backends, view: AssetView) -> None:
        """Use these parts."""
        self._backends, self._view = backends, view
        self._telling: set[asyncio.Task[None]] = set()

    async def list(self, call: Call, fields: ListAssetsRequest, request: Request) -> AssetPage:
        """Answer ``GET /assets``."""
        assets = self._backends.assets
        records, cursor = await assets.list(
            fields.limit,
            fields.cursor,
            fields.kind,
            fields.tag,
            fields.filename,
            fields.sha256,
            fields.derived_from,
        )
        shown = [self._view.asset(record, request) for record in await assets.with_status(records)]
        return AssetPage(items=shown, next_cursor=cursor)

    async def get(self, call: Call, fields: AssetRequest, request: Request) -> Asset:
        """Answer ``GET /assets/{asset_id}``."""
        return await self._shown(await self._backends.assets.get(fields.asset_id), request)

    async def update(self, call: Call, fields: UpdateAssetRequest, request: Request) -> Asset:
        """Answer ``PATCH /assets/{asset_id}``."""
        return await self._shown(await self.change(fields.asset_id, fields.tags, fields.metadata), request)

    async def change(
        self, asset_id: str, tags: list[str] | None = None, metadata: dict[str, Any] | None = None
    ) -> AssetRecord:
        """Replace the tags, merge the metadata key by key, and tell it.

        Raises:
            AssetNotFound: no live asset has this id.
        """
        record = await self._backends.assets.update(asset_id, tags, metadata)
        await self._tell(ASSET_UPDATED, {"asset_id": record.asset_id, "sha256": record.sha256, "kind": record.kind})
        return record

    async def delete(self, call: Call, fields: AssetRequest, request: Request) -> DeleteAssetResponse:
        """Answer ``DELETE /assets/{asset_id}``; what was made of a film goes first, so that nothing is orphaned."""
        b = self._backends
        record = await b.assets.get(fields.asset_id)
        if record.kind == "video":
            for derived in await b.assets.derived_of(record.asset_id):
                with suppress(AssetNotFound):
                    await self.remove(derived)
        return await self.remove(record.asset_id)

    async def remove(self, asset_id: str) -> DeleteAssetResponse:
        """Remove one asset.

        Raises:
            AssetNotFound: no live asset has this id.
        """
        b = self._backends
        record = await b.assets.get(asset_id)
        async with b.locks.hold(record.sha256):
            record = await b.assets.delete(asset_id)
            # From here on the asset is gone, whatever else fails: a client that leaves must not stop the rest.
            last = await asyncio.shield(self._clear_away(record))
        return DeleteAssetResponse(asset_id=record.asset_id, deleted=True, object_deleted=last)

    async def _clear_away(self, record: AssetRecord) -> bool:
        b = self._backends
        await b.cache.bury_asset(record.asset_id)
        last = await b.assets.count_with_hash(record.sha256) == 0
        fields = {"asset_id": record.asset_id, "sha256": record.sha256, "kind": record.kind, "last": last}
        await self._tell(ASSET_DELETED, {**fields, "at": iso(record.upload_timestamp)})
        if last:
            await b.objects.delete(record.object_key)
        return last

    async def _shown(self, record: AssetRecord, request: Request) -> Asset:
        return self._view.asset((await self._backends.assets.with_status([record]))[0], request)

    async def _tell(self, kind: str, fields: dict[str, Any]) -> None:
        """Publish an event of what has happened already; while the bus is down it is tried again behind."""
        try:
            await self._backends.events.publish(kind, fields)
        except DinoError as error:
            log.warning("event %s of asset %s is told later: %s", kind, fields["asset_id"], error.message)
            task = asyncio.create_task(self._tell_later(kind, fields))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell_later(self, kind: str, fields: dict[str, Any]) -> None:
        for pause in _TELL_AGAIN_SECONDS:
            await asyncio.sleep(pause)
            try:
                await self._backends.events.publish(kind, fields)
                return
            except DinoError:
                continue
        log.error("event %s of asset %s was given up; the index mends itself at a restart", kind, fields["asset_id"])
