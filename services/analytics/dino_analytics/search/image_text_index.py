"""The vector index of pictures in the image-text space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dino_analytics.asset_index import AssetIndex, asset_payload, stamp
from dino_analytics.core.search.blend import Curve
from dino_analytics.index.interface import IndexItem, VectorIndex
from dino_common.contracts.image_text import ImageTextSpace
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.features import FeatureStore


class ImageTextIndex(AssetIndex):
    """Vectors that inference stored; the payload adds the classes that a picture looks like.

    Attributes:
        space: whose vectors are in it.
    """

    def __init__(self, space: ImageTextSpace, index: VectorIndex, assets: AssetStore, features: FeatureStore) -> None:
        """Nothing is compared yet."""
        super().__init__(space.model_version, index, assets)
        self.space = space
        self._features = features

    @property
    def curve(self) -> Curve:
        """Relevance of the space's cosines."""
        return Curve(self.space.midpoint, self.space.width)

    async def items(self, records: Sequence[AssetRecord]) -> list[IndexItem]:
        """See ``AssetIndex``."""
        stored = await self._features.get_many(list({r.sha256 for r in records}), self.space.model_version)
        return [
            IndexItem(
                record.asset_id,
                stored[record.sha256].vector,
                asset_payload(record) | {"labels": [list(label) for label in stored[record.sha256].labels]},
            )
            for record in records
            if record.sha256 in stored
        ]

    async def marks(self, records: Sequence[AssetRecord]) -> Mapping[str, str]:
        """See ``AssetIndex``."""
        return {record.asset_id: stamp(record) for record in records}
