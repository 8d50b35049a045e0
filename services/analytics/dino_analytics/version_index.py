"""The vector index of one model version, kept equal to the live assets that have features of it."""

from __future__ import annotations

from collections.abc import Sequence

from dino_analytics.asset_index import AssetIndex, asset_payload
from dino_analytics.index.interface import IndexItem, VectorIndex
from dino_analytics.serving import ServingModel
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.features import FeatureStore


class VersionIndex(AssetIndex):
    """Features of pictures.

    Attributes:
        model: whose vectors are in it.
    """

    def __init__(self, model: ServingModel, index: VectorIndex, assets: AssetStore, features: FeatureStore) -> None:
        """Nothing is compared yet."""
        super().__init__(model.version, index, assets)
        self.model = model
        self._features = features

    async def items(self, records: Sequence[AssetRecord]) -> list[IndexItem]:
        """See ``AssetIndex``."""
        stored = await self._features.get_many(list({r.sha256 for r in records}), self.model.version)
        return [
            IndexItem(record.asset_id, stored[record.sha256].vector, asset_payload(record))
            for record in records
            if record.sha256 in stored
        ]
