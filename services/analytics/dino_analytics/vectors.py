"""Features of assets for judgements: cache, then document store, then the inference service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dino_analytics.core.similarity import cosine_similarity
from dino_analytics.serving import ServingModel, ServingWatch
from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.contracts.internal import EmbedResponse, RawCosineResponse
from dino_common.errors import AssetNotFound, Conflict, DinoError, ModelNotLoaded, ServiceUnavailable, from_wire
from dino_common.stores.assets import AssetStore
from dino_common.stores.cache import Cache
from dino_common.stores.features import FeatureStore

_UNKNOWN = "unknown"  # cached for pairs whose raw cosine stored features cannot tell


@dataclass(frozen=True, slots=True)
class Embedded:
    """An asset's content hash and its features: float32 (dimension,), L2-normalised."""

    asset_id: str
    sha256: str
    vector: np.ndarray


class VectorSource:
    """Finds the features of assets for the serving model version."""

    def __init__(
        self, serving: ServingWatch, bus: BusClient, assets: AssetStore, features: FeatureStore, cache: Cache
    ) -> None:
        """Read from these stores and ask inference over this client."""
        self.serving, self.assets, self.cache = serving, assets, cache
        self._bus, self._features = bus, features

    async def all_of(
        self, asset_ids: Sequence[str], context: Context, model: ServingModel | None = None
    ) -> tuple[ServingModel, list[Embedded]]:
        """Return every asset's features, in order; of this model version, or of the one that serves.

        Raises:
            DinoError: the first asset's error; AssetNotFound names every missing asset.
        """
        model, found = await self.each_of(asset_ids, context, model)
        missing = [a for a, f in zip(asset_ids, found, strict=True) if isinstance(f, AssetNotFound)]
        if missing:
            raise AssetNotFound(f"Asset {', '.join(dict.fromkeys(missing))} not found")
        embedded: list[Embedded] = []
        for outcome in found:
            if isinstance(outcome, DinoError):
                raise outcome
            embedded.append(outcome)
        return model, embedded

    async def cosine(self, pair: tuple[str, str], context: Context) -> tuple[ServingModel, float]:
        """Return the cosine of two assets' features, kept for an hour by content and model version.

        Features that are in the cache answer by themselves; the kept cosine saves the document store when they have
        gone from there.

        Raises:
            DinoError: as ``all_of``.
        """
        model = self.serving.current()
        (first, one), (second, two) = await self.cache.features_for(pair, model.version)
        if first and second and one and two:
            return model, cosine_similarity(one.vector, two.vector)
        kind = f"cosine:{model.version}"
        if first and second:
            kept = await self.cache.get_similarity(kind, first.sha256, second.sha256)
            if kept is not None:
                return model, float(kept)
        model, (left, right) = await self.all_of(pair, context, model)
        cosine = cosine_similarity(left.vector, right.vector)
        await self.cache.put_similarity(f"cosine:{model.version}", left.sha256, right.sha256, value=cosine)
        return model, cosine

    async def cosines(self, pair: tuple[str, str], context: Context) -> tuple[ServingModel, float, float | None]:
        """Return the cosine of two assets' features, and that before the card's centring and whitening.

        The latter is None where stored features cannot tell. Both are of one model version, and kept as ``cosine``.

        Raises:
            DinoError: as ``all_of``.
        """
        while True:
            model, cosine = await self.cosine(pair, context)
            try:
                return model, cosine, await self._raw_cosine(pair, model, context)
            except (Conflict, ModelNotLoaded):
                if self.serving.current() == model:
                    raise

    async def _raw_cosine(self, pair: tuple[str, str], model: ServingModel, context: Context) -> float | None:
        (first, _), (second, _) = await self.cache.features_for(pair, model.version)
        kind = f"raw-cosine:{model.version}"
        if first and second:
            kept = await self.cache.get_similarity(kind, first.sha256, second.sha256)
            if kept is not None:
                return None if kept == _UNKNOWN else float(kept)
        answer = RawCosineResponse.model_validate(
            await self._bus.call(OPERATIONS["raw-cosine"], {"asset_ids": list(pair)}, context, model=model.key)
        )
        _same_version(model, answer.model_version)
        if first and second:
            value = _UNKNOWN if answer.cosine is None else answer.cosine
            await self.cache.put_similarity(kind, first.sha256, second.sha256, value=value)
        return answer.cosine

    async def each_of(
        self, asset_ids: Sequence[str], context: Context, model: ServingModel | None = None
    ) -> tuple[ServingModel, list[Embedded | DinoError]]:
        """Return features or the error of each asset, in order, all of one model version.

        Args:
            asset_ids: may repeat.
            context: of the request.
            model: whose features; left out, those of the model that serves, also when that changes meanwhile and the
                processes of the one before are gone.
        """
        while True:
            chosen = model or self.serving.current()
            try:
                return chosen, await self._each(asset_ids, context, chosen)
            except ModelNotLoaded:
                if model is not None or self.serving.current() == chosen:
                    raise

    async def _each(
        self, asset_ids: Sequence[str], context: Context, model: ServingModel
    ) -> list[Embedded | DinoError]:
        found: dict[str, Embedded | DinoError] = {}
        looked_up = await self.cache.features_for(asset_ids, model.version)
        for asset_id, (ref, kept) in zip(asset_ids, looked_up, strict=True):
            if ref is not None and kept is not None:
                found[asset_id] = Embedded(asset_id, ref.sha256, kept.vector)
        missing = [a for a in dict.fromkeys(asset_ids) if a not in found]
        if missing:
            found |= await self._stored(missing, model)
        missing = [a for a in missing if a not in found]
        if missing:
            found |= await self._computed(missing, model, context)
        return [found[a] for a in asset_ids]

    async def _stored(self, asset_ids: list[str], model: ServingModel) -> dict[str, Embedded | DinoError]:
        found: dict[str, Embedded | DinoError] = {}
        records = await self.assets.get_many(asset_ids)
        stored = await self._features.get_many(list({r.sha256 for r in records.values()}), model.version)
        for asset_id in asset_ids:
            record = records.get(asset_id)
            if record is None:
                found[asset_id] = AssetNotFound(f"Asset {asset_id} not found")
            elif features := stored.get(record.sha256):
                found[asset_id] = Embedded(asset_id, record.sha256, features.vector)
        return found

    async def _computed(
        self, asset_ids: list[str], model: ServingModel, context: Context
    ) -> dict[str, Embedded | DinoError]:
        answer = EmbedResponse.model_validate(
            await self._bus.call(OPERATIONS["embed"], {"asset_ids": asset_ids}, context, model=model.key)
        )
        _same_version(model, answer.model_version)
        found: dict[str, Embedded | DinoError] = {}
        for item in answer.items:
            if item.error is not None:
                found[item.asset_id] = from_wire(item.error.model_dump())
            elif item.vector is not None and item.sha256 is not None:
                found[item.asset_id] = Embedded(item.asset_id, item.sha256, item.vector)
            else:
                found[item.asset_id] = ServiceUnavailable("The inference service sent no vector", retry_after=1)
        return found


def _same_version(model: ServingModel, answered: str) -> None:
    if answered != model.version:
        raise Conflict(
            f"The model changed from {model.version} to {answered} during the request",
            details="Vectors of two versions are never compared; repeat the request.",
            retry_after=3,
        )
