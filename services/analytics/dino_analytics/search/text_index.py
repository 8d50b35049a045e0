"""The vector index of what is known of each asset in words."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from dino_analytics.asset_index import AssetIndex, asset_payload, stamp
from dino_analytics.core.search.known import Known
from dino_analytics.index.interface import IndexItem, VectorIndex
from dino_analytics.search.knowledge import Knowledge
from dino_analytics.search.texts import Texts
from dino_common.bus.context import Context
from dino_common.errors import ServiceUnavailable
from dino_common.stores.assets import AssetRecord, AssetStore

_PATIENCE_SECONDS = 120.0


class TextIndex(AssetIndex):
    """Texts of pictures and films.

    The payload adds to an asset's own what was known when it was embedded: ``known`` by field and ``words``.
    """

    def __init__(
        self, model_version: str, index: VectorIndex, assets: AssetStore, knowledge: Knowledge, texts: Texts
    ) -> None:
        """Args:
        model_version: of the text model whose vectors are in the index.
        """
        super().__init__(f"texts by {model_version}", index, assets, kind=None)
        self.model_version = model_version
        self._knowledge, self._texts = knowledge, texts

    async def items(self, records: Sequence[AssetRecord]) -> list[IndexItem]:
        """See ``AssetIndex``.

        Raises:
            ServiceUnavailable: another text model answers by now.
        """
        found = await self._knowledge.of(records)
        context = Context("text-index", time.time() + _PATIENCE_SECONDS, "analytics", "text-index")
        vectors = await self._texts.embed([found[record.asset_id].paragraph for record in records], context)
        if vectors.model_version != self.model_version:
            self.stale = True
            raise ServiceUnavailable(f"the text model is {vectors.model_version} by now", retry_after=2)
        return [
            IndexItem(record.asset_id, row, _payload(record, found[record.asset_id]))
            for record, row in zip(records, vectors.rows, strict=True)
        ]

    async def marks(self, records: Sequence[AssetRecord]) -> Mapping[str, str]:
        """See ``AssetIndex``; also what is known from elsewhere counts."""
        found = await self._knowledge.of(records)
        return {record.asset_id: _mark(record, found[record.asset_id]) for record in records}

    async def refresh(self, records: Sequence[AssetRecord]) -> None:
        """Index those of the assets of which other things are known than the index has."""
        await self.bring(await self.outdated(records))


def _mark(record: AssetRecord, known: Known) -> str:
    return f"{stamp(record)}/{known.digest}"


def _payload(record: AssetRecord, known: Known) -> dict[str, object]:
    mark = {"updated": _mark(record, known)}
    return asset_payload(record) | mark | {"known": known.fields, "words": list(known.words)}
