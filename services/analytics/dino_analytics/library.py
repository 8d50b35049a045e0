"""The vector index of the serving model version, kept equal to the live assets."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from dino_analytics.index.errors import IndexClosed, IndexFault, IndexUnavailable
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
        """Open the index of another model version and bring it up to date; the old one serves until then.

        Raises:
            ServiceUnavailable: the index cannot be opened or written; ``fault`` says why.
        """
        try:
            if self._index is not None and self.model_version == model.version:
                self._model = model  # its thresholds may be others
                await self._reconcile(self._index, model)
            else:
                await self._change_to(model)
        except IndexFault as error:
            self.fault = f"the vector index does not work: {error}"
            raise ServiceUnavailable(self.fault, retry_after=5) from error
        self.fault = None

    async def _change_to(self, model: ServingModel) -> None:
        index = await open_index(self._settings, model.version, model.dimension)
        try:
            await self._reconcile(index, model)
        except BaseException:
            await index.close()
            raise
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
            await self._bring(index, model.version, stale)
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

    async def _bring(self, index: VectorIndex, version: str, records: Sequence[AssetRecord]) -> None:
        """Index assets as they stand.

        Whoever wrote last looks once more: an asset deleted or changed meanwhile, also by an event that was handled
        in between, would otherwise stay in the index as it was read.
        """
        while records:
            await self._put(index, version, records)
            now = await self._assets.get_many([record.asset_id for record in records])
            gone = [record.asset_id for record in records if record.asset_id not in now]
            if gone:
                await index.delete(gone)
            records = [now[r.asset_id] for r in records if r.asset_id in now and now[r.asset_id] != r]

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
        try:
            if kind == FEATURES_STORED:
                if event["model_version"] == model.version:
                    await self._bring(index, model.version, await self._with_hash(event["sha256"]))
                return
            asset_id = event["asset_id"]
            record = (await self._assets.get_many([asset_id])).get(asset_id)
            if record is None:
                await index.delete([asset_id])
            elif record.kind == "image":
                await self._bring(index, model.version, [record])
        except (IndexUnavailable, IndexClosed) as error:
            raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error

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
