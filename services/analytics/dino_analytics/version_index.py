"""The vector index of one model version, kept equal to the live assets that have features of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from dino_analytics.index.interface import IndexItem, VectorIndex
from dino_analytics.serving import ServingModel
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.features import FeatureStore

log = logging.getLogger(__name__)

_BATCH = 256


class VersionIndex:
    """An open index; the state of an asset in it follows from the document store alone.

    Attributes:
        model: whose vectors are in it.
        index: where they are.
        compared: it was compared with the whole library since it was opened.
        stale: a change could not be written; it must be compared again.
    """

    def __init__(self, model: ServingModel, index: VectorIndex, assets: AssetStore, features: FeatureStore) -> None:
        """Nothing is compared yet."""
        self.model, self.index = model, index
        self._assets, self._features = assets, features
        self._comparing = asyncio.Lock()
        self.compared = self.stale = False

    async def reconcile(self) -> None:
        """Bring the index up to date with the library. Raises IndexFault, or ServiceUnavailable of the stores."""
        async with self._comparing:
            self.stale = False
            try:
                await self._reconcile()
            except BaseException:
                self.stale = True
                raise
            self.compared = True

    async def _reconcile(self) -> None:
        surplus = set(await self.index.ids())
        changed = 0
        batch: list[AssetRecord] = []

        async def look() -> int:
            ids = [r.asset_id for r in batch]
            payloads = await self.index.payloads(ids)
            outdated = [r for r in batch if payloads.get(r.asset_id, {}).get("updated") != _stamp(r)]
            await self.bring(outdated)
            batch.clear()
            return len(outdated)

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
            await self.index.delete([asset_id for asset_id in surplus if asset_id not in alive])
        log.info(
            "index of %s holds %d assets (%d looked at again, %d removed)",
            self.model.version,
            await self.index.count(),
            changed,
            len(surplus),
        )

    async def bring(self, records: Sequence[AssetRecord]) -> None:
        """Index assets as they stand.

        Whoever wrote last looks once more: an asset deleted or changed meanwhile, also by an event that was handled
        in between, would otherwise stay in the index as it was read.
        """
        while records:
            await self._put(records)
            now = await self._assets.get_many([record.asset_id for record in records])
            gone = [record.asset_id for record in records if record.asset_id not in now]
            if gone:
                await self.index.delete(gone)
            records = [now[r.asset_id] for r in records if r.asset_id in now and now[r.asset_id] != r]

    async def _put(self, records: Sequence[AssetRecord]) -> None:
        stored = await self._features.get_many(list({r.sha256 for r in records}), self.model.version)
        items = [
            IndexItem(record.asset_id, stored[record.sha256].vector, _payload(record))
            for record in records
            if record.sha256 in stored
        ]
        if items:
            await self.index.upsert(items)


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
