"""Handler of compare-versions: do the candidate's nearest neighbours agree with those of the version that serves?"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from pydantic import ValidationError

from dino_analytics.core.agreement import neighbour_agreement
from dino_analytics.core.similarity import unit_rows
from dino_analytics.serving import ServingModel, ask_status, model_of
from dino_analytics.vectors import VectorSource
from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts.rollout import CompareVersionsRequest, CompareVersionsResponse
from dino_common.errors import DinoError, ModelNotLoaded
from dino_common.stores.assets import AssetStore

_CHUNK = 32


class VersionHandlers:
    """Compares two model versions, each only within itself."""

    def __init__(self, bus: BusClient, vectors: VectorSource, assets: AssetStore) -> None:
        """Use these."""
        self._bus, self._vectors, self._assets = bus, vectors, assets

    async def compare(self, context: Context, request: CompareVersionsRequest) -> CompareVersionsResponse:
        """Answer the bus operation ``compare-versions``."""
        began = time.perf_counter()
        serving, candidate = self._vectors.serving.current(), await self._model(request.key)
        sample = await self._assets.sample("image", request.sample)
        # One of each content: copies of a picture are each other's neighbours under any version.
        ids = list({record.sha256: record.asset_id for record in sample}.values())
        old, new = await self._features(ids, serving, context), await self._features(ids, candidate, context)
        both = [asset_id for asset_id in ids if asset_id in old and asset_id in new]
        agreement, neighbours = None, 0
        if both:
            agreement, neighbours = neighbour_agreement(
                unit_rows(np.stack([old[asset_id] for asset_id in both])),
                unit_rows(np.stack([new[asset_id] for asset_id in both])),
                request.neighbours,
            )
        return CompareVersionsResponse(
            serving_version=serving.version,
            candidate_version=candidate.version,
            agreement=agreement,
            sample=len(both),
            neighbours=neighbours,
            failed=len(ids) - len(both),
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _model(self, key: str) -> ServingModel:
        try:
            model = model_of(await ask_status(self._bus, key), key)
        except ValidationError as error:
            raise ModelNotLoaded(f"the status of version {key} cannot be read", retry_after=5) from error
        if model is None:
            raise ModelNotLoaded(f"version {key} has not loaded its model yet", retry_after=5)
        return model

    async def _features(self, ids: Sequence[str], model: ServingModel, context: Context) -> dict[str, np.ndarray]:
        """Return the features of those assets of which there are any or can be computed."""
        found: dict[str, np.ndarray] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            _, outcomes = await self._vectors.each_of(chunk, context, model)
            for asset_id, outcome in zip(chunk, outcomes, strict=True):
                if not isinstance(outcome, DinoError):
                    found[asset_id] = outcome.vector
                elif outcome.passing:
                    raise outcome
        return found
