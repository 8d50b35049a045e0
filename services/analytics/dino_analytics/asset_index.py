"""A vector index kept equal to the live assets: the state of an asset in it follows from the document store alone."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from dino_analytics.index.interface import IndexItem, VectorIndex
from dino_common.stores.assets import AssetRecord, AssetStore

log = logging.getLogger(__name__)

_BATCH = 256
# Of the payloads: what filters and answers read is written anew into an index of an earlier layout.
_LAYOUT = 2


class AssetIndex(ABC):
    """An open index and how the assets in it are brought up to date.

    Attributes:
        name: for people.
        index: where the vectors are.
        kind: ``image``, or None when films are in it, too.
        compared: it was compared with the whole library since it was opened.
        stale: a change could not be written; it must be compared again.
    """

    def __init__(self, name: str, index: VectorIndex, assets: AssetStore, kind: str | None = "image") -> None:
        """Nothing is compared yet."""
        self.name, self.index, self.kind = name, index, kind
        self._assets = assets
        self._comparing = asyncio.Lock()
        self.compared = self.stale = False

    @abstractmethod
    async def items(self, records: Sequence[AssetRecord]) -> list[IndexItem]:
        """Return what is to be in the index of these assets; one left out has no vector yet."""

    async def marks(self, records: Sequence[AssetRecord]) -> Mapping[str, str]:
        """Return, by asset id, what the payload's ``updated`` is once the asset is in the index as it stands."""
        return {record.asset_id: stamp(record) for record in records}

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
            outdated = await self.outdated(batch)
            await self.bring(outdated)
            batch.clear()
            return len(outdated)

        async for record in self._assets.iter_all(kind=self.kind):
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
            self.name,
            await self.index.count(),
            changed,
            len(surplus),
        )

    async def outdated(self, records: Sequence[AssetRecord]) -> list[AssetRecord]:
        """Return those that are not in the index as they stand."""
        payloads = await self.index.payloads([record.asset_id for record in records])
        marks = await self.marks(records)
        return [r for r in records if payloads.get(r.asset_id, {}).get("updated") != marks[r.asset_id]]

    async def bring(self, records: Sequence[AssetRecord]) -> None:
        """Index assets as they stand.

        Whoever wrote last looks once more: an asset deleted or changed meanwhile, also by an event that was handled
        in between, would otherwise stay in the index as it was read.
        """
        while records:
            if items := await self.items(records):
                await self.index.upsert(items)
            now = await self._assets.get_many([record.asset_id for record in records])
            gone = [record.asset_id for record in records if record.asset_id not in now]
            if gone:
                await self.index.delete(gone)
            records = [now[r.asset_id] for r in records if r.asset_id in now and now[r.asset_id] != r]


def stamp(record: AssetRecord) -> str:
    """Return when the asset was last changed, and of which layout its payload is."""
    return f"{record.updated_timestamp.isoformat()}/{_LAYOUT}"


def asset_payload(record: AssetRecord) -> dict[str, Any]:
    """Return what filters and answers need to know of an asset."""
    return {
        "filename": record.filename,
        "content_type": record.content_type,
        "kind": record.kind,
        "tags": list(record.tags),
        "metadata": dict(record.metadata),
        "uploaded": record.upload_timestamp.timestamp(),
        "updated": stamp(record),
    }
