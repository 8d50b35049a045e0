"""The vector index of the serving model version, kept equal to the live assets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from dino_analytics.index.errors import IndexFault
from dino_analytics.index.factory import open_index
from dino_analytics.index.interface import IndexItem, VectorIndex
from dino_analytics.serving import ServingModel
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, ASSET_UPDATED, FEATURES_STORED, Events
from dino_common.errors import ModelNotLoaded, ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.features import FeatureStore

log = logging.getLogger(__name__)

_BATCH = 256


class Library:
    """One index at a time; the state of an asset in it follows from the document store alone.

    Every event only names assets to look at again, so repeated, late or reordered events do no harm.
    """

    def __init__(self, settings: Settings, assets: AssetStore, features: FeatureStore) -> None:
        """Nothing is opened before ``follow``."""
        self._settings, self._assets, self._features = settings, assets, features
        self._index: VectorIndex | None = None
        self._model: ServingModel | None = None
        self._lock = asyncio.Lock()
        self.complete = False
        self.fault: str | None = None

    @property
    def model_version(self) -> str | None:
        """Version of the open index, or None."""
        return self._model.version if self._model else None

    def current(self) -> tuple[ServingModel, VectorIndex]:
        """Return the serving model and its index.

        Raises:
            ModelNotLoaded: no model is known yet.
        """
        if self._index is None or self._model is None:
            raise ModelNotLoaded("The library's index is not open yet: no serving model is known", retry_after=3)
        return self._model, self._index

    async def follow(self, model: ServingModel) -> None:
        """Open the index of another model version and bring it up to date; the old one serves until then."""
        if self._index is not None and self.model_version == model.version:
            await self._reconcile(self._index, model)
            return
        try:
            index = await open_index(self._settings, model.version, model.dimension)
        except IndexFault as error:
            self.fault = f"the vector index cannot be opened: {error}"
            raise ServiceUnavailable(self.fault, retry_after=5) from error
        self.fault = None
        try:
            await self._reconcile(index, model)
        except BaseException:
            await index.close()
            raise
        async with self._lock:
            old, self._index, self._model = self._index, index, model
        self.complete = True
        if old is not None:
            await old.close()
        # What came between the look through the library and the exchange.
        await self._reconcile(index, model)

    async def _reconcile(self, index: VectorIndex, model: ServingModel) -> None:
        surplus = set(await index.ids())
        changed = 0
        batch: list[AssetRecord] = []

        async def look() -> int:
            ids = [r.asset_id for r in batch]
            payloads = await index.payloads(ids)
            stale = [r for r in batch if payloads.get(r.asset_id, {}).get("updated") != _stamp(r)]
            await self._put(index, model.version, stale)
            batch.clear()
            return len(stale)

        async for record in self._assets.iter_all(kind="image"):
            surplus.discard(record.asset_id)
            batch.append(record)
            if len(batch) >= _BATCH:
                changed += await look()
        if batch:
            changed += await look()
        # An asset made after the walk began is no surplus: ask once more before removing.
        if surplus:
            alive = await self._assets.get_many(list(surplus))
            await index.delete([asset_id for asset_id in surplus if asset_id not in alive])
        log.info(
            "index of %s holds %d assets (%d looked at again, %d removed)",
            model.version,
            await index.count(),
            changed,
            len(surplus),
        )

    async def _put(self, index: VectorIndex, version: str, records: Sequence[AssetRecord]) -> None:
        if not records:
            return
        stored = await self._features.get_many(list({r.sha256 for r in records}), version)
        items = [
            IndexItem(record.asset_id, stored[record.sha256].vector, _payload(record))
            for record in records
            if record.sha256 in stored
        ]
        if items:
            await index.upsert(items)

    def start(self, events: Events) -> None:
        """Follow uploads, changes, deletions and extracted features."""
        events.consume(
            "analytics-index",
            [ASSET_CREATED, ASSET_UPDATED, ASSET_DELETED, FEATURES_STORED],
            self._on_event,
            concurrency=16,
        )

    async def _on_event(self, kind: str, event: dict[str, Any]) -> None:
        model, index = self.current()
        if kind == FEATURES_STORED:
            if event["model_version"] != model.version:
                return
            records = await self._with_hash(event["sha256"])
            await self._put(index, model.version, records)
            await self._drop_dead(index, [r.asset_id for r in records])
            return
        asset_id = event["asset_id"]
        found = await self._assets.get_many([asset_id])
        if asset_id in found:
            if found[asset_id].kind == "image":
                await self._put(index, model.version, [found[asset_id]])
                await self._drop_dead(index, [asset_id])
        else:
            await index.delete([asset_id])

    async def _drop_dead(self, index: VectorIndex, asset_ids: list[str]) -> None:
        """Remove what was deleted between reading its document and indexing it."""
        alive = await self._assets.get_many(asset_ids)
        dead = [a for a in asset_ids if a not in alive]
        if dead:
            await index.delete(dead)

    async def _with_hash(self, sha256: str) -> list[AssetRecord]:
        records: list[AssetRecord] = []
        cursor: str | None = None
        while True:
            page, cursor = await self._assets.list(limit=200, cursor=cursor, sha256=sha256)
            records += page
            if cursor is None:
                return records

    async def close(self) -> None:
        """Flush and close the index."""
        if self._index is not None:
            await self._index.close()


def _stamp(record: AssetRecord) -> str:
    return record.updated_timestamp.isoformat()


def _payload(record: AssetRecord) -> dict[str, Any]:
    return {
        "filename": record.filename,
        "content_type": record.content_type,
        "kind": record.kind,
        "tags": list(record.tags),
        "metadata": dict(record.metadata),
        "uploaded": record.upload_timestamp.timestamp(),
        "updated": _stamp(record),
    }
