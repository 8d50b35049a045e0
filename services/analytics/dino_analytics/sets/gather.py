"""The features of many pictures as one matrix."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dino_analytics.index.errors import IndexFault
from dino_analytics.library import Library
from dino_analytics.search.asked import index_filters
from dino_analytics.serving import ServingModel
from dino_analytics.sets.shared_rows import shared_rows
from dino_analytics.vectors import Embedded, VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.search import SearchFilters
from dino_common.errors import AssetNotFound, InvalidRequest, ServiceUnavailable
from dino_common.stores.assets import AssetStore
from dino_common.stores.features import FeatureStore

_BATCH = 1000
Progress = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Pictures in the order of their ids, whatever order they were asked in.

    Attributes:
        ids: of the assets; sha256: of their contents, in the same order.
        rows: float32 (n, dimension), each of length 1, in memory that child processes can share.
        without_features: pictures of the library left out because their features are not stored yet.
        deleted: pictures left out because they were deleted between the beginning and the reading of their features.
    """

    model: ServingModel
    ids: list[str]
    sha256: list[str]
    rows: np.ndarray
    without_features: int
    deleted: int = 0


class Gatherer:
    """Reads the features of a request's set, batch by batch."""

    def __init__(self, vectors: VectorSource, library: Library, assets: AssetStore, features: FeatureStore) -> None:
        """Use these."""
        self._vectors, self._library = vectors, library
        self._assets, self._features = assets, features

    async def gather(
        self,
        context: Context,
        asset_ids: Sequence[str] | None,
        filters: SearchFilters | None,
        progress: Progress | None = None,
    ) -> Gathered:
        """Return the set: named ids (all must have or get features), or what is stored of the library.

        A picture that is deleted meanwhile is left out and counted.

        Raises:
            AssetNotFound: a named asset does not exist at the beginning.
            InvalidRequest: ids and filters together.
            DinoError: of the stores, the index or inference.
        """
        if asset_ids is not None:
            return await self._named(context, await self.names(asset_ids, filters))
        return await self._stored(filters, progress)

    async def living(self, asset_ids: Sequence[str]) -> set[str]:
        """Return those of the ids whose assets are there.

        Raises:
            ServiceUnavailable: the document store does not answer.
        """
        found: set[str] = set()
        for start in range(0, len(asset_ids), _BATCH):
            found |= (await self._assets.get_many(asset_ids[start : start + _BATCH])).keys()
        return found

    async def names(self, asset_ids: Sequence[str] | None, filters: SearchFilters | None) -> list[str]:
        """Return the ids of a set without reading features, sorted.

        Raises:
            AssetNotFound: names every named asset that does not exist.
            InvalidRequest: ids and filters together.
            ServiceUnavailable: a store or the index does not answer.
        """
        if asset_ids is not None:
            if filters is not None:
                raise InvalidRequest("asset_ids: give ids or filters, not both")
            named = sorted(set(asset_ids))
            living = await self.living(named)
            if missing := [asset_id for asset_id in named if asset_id not in living]:
                raise AssetNotFound(f"Asset {', '.join(missing)} not found")
            return named
        if filters is None or filters == SearchFilters():
            return [record.asset_id async for record in self._assets.iter_all(kind="image", batch=_BATCH)]
        _, index = self._library.current()
        try:
            return sorted(await index.ids(index_filters(filters)))
        except IndexFault as error:
            raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error

    async def _named(self, context: Context, ids: list[str]) -> Gathered:
        model, outcomes = await self._vectors.each_of(ids, context)
        rows = shared_rows(len(ids), model.dimension)
        kept: list[Embedded] = []
        living = await self.living(ids) if any(isinstance(one, AssetNotFound) for one in outcomes) else set(ids)
        for asset_id, one in zip(ids, outcomes, strict=True):
            if isinstance(one, Embedded):
                rows[len(kept)] = one.vector
                kept.append(one)
            elif not isinstance(one, AssetNotFound) or asset_id in living:
                raise one
        names, contents = [one.asset_id for one in kept], [one.sha256 for one in kept]
        return Gathered(model, names, contents, rows[: len(kept)], 0, len(ids) - len(kept))

    async def _stored(self, filters: SearchFilters | None, progress: Progress | None) -> Gathered:
        model = self._vectors.serving.current()
        wanted = await self.names(None, filters)
        rows = shared_rows(len(wanted), model.dimension)
        ids: list[str] = []
        sha256: list[str] = []
        left_out = deleted = 0
        for start in range(0, len(wanted), _BATCH):
            if progress is not None:
                await progress(start, len(wanted))
            records = await self._assets.get_many(wanted[start : start + _BATCH])
            found = await self._features.get_many(list({r.sha256 for r in records.values()}), model.version)
            for asset_id in wanted[start : start + _BATCH]:
                record = records.get(asset_id)
                if record is None:
                    deleted += 1
                    continue
                if record.kind != "image":
                    continue
                stored = found.get(record.sha256)
                if stored is None:
                    left_out += 1
                    continue
                rows[len(ids)] = stored.vector
                ids.append(asset_id)
                sha256.append(record.sha256)
        return Gathered(model, ids, sha256, rows[: len(ids)], left_out, deleted)
