"""What was derived from a content goes when the last asset with that content has gone."""

from __future__ import annotations

from dataclasses import dataclass

from dino_common.stores.assets import AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.content_lock import ContentLock
from dino_common.stores.features import FeatureStore
from dino_common.stores.objects import Objects


def patches_key(model_version: str, sha256: str) -> str:
    """Return the object key of a content's patch tokens."""
    return f"patches/{model_version}/{sha256}.npy"


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Clears features and patch tokens of every model version, and their cached copies.

    Attributes:
        model_version: of this process; cleared also where nothing tells that it was stored.
        preprocessing_id: of this process's model.
    """

    assets: AssetStore
    features: FeatureStore
    cache: Cache
    objects: Objects
    locks: ContentLock
    model_version: str
    preprocessing_id: str

    async def clear(self, sha256: str) -> bool:
        """Remove what belongs to a content that no asset has; return whether there was none.

        Under the content's lock, so that an upload of the same bytes comes before or after it, never between.

        Raises:
            Conflict: others held the lock for a minute.
            ServiceUnavailable: a store does not answer.
        """
        if await self.assets.count_with_hash(sha256):
            return False
        async with self.locks.hold(sha256):
            if await self.assets.count_with_hash(sha256):
                return False
            versions = {self.model_version, *await self.features.versions(sha256)}
            # The cache first: found there, features would pass for stored ones.
            await self.cache.forget_content(sha256, sorted(versions), self.preprocessing_id)
            await self.features.delete(sha256)
            for version in versions:
                await self.objects.delete(patches_key(version, sha256))
        return True
