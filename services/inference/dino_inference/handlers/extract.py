"""Handlers of the feature operations."""

from __future__ import annotations

import base64
import io
import time

import numpy as np

from dino_common.bus.context import Context
from dino_common.contracts.assets import AssetFeaturesRequest, AssetFeaturesResponse
from dino_common.contracts.features import ExtractFeaturesRequest, ExtractFeaturesResponse, PatchFeatures
from dino_common.contracts.internal import EmbedItem, EmbedRequest, EmbedResponse
from dino_common.errors import DinoError, NotFound
from dino_common.problems import detail
from dino_inference.extraction import Extracted, Extractor
from dino_inference.leftovers import patches_key


class FeatureHandlers:
    """extract-features, get-asset-features and embed."""

    def __init__(self, extractor: Extractor) -> None:
        """Answer from this extractor."""
        self._extractor = extractor

    async def extract(self, context: Context, request: ExtractFeaturesRequest) -> ExtractFeaturesResponse:
        """Answer ``POST /extract-features``."""
        began = time.perf_counter()
        extracted = await self._extractor.one(
            request.asset_id, context, patches=request.patches != "none", force=request.force
        )
        patches = await self._patches(extracted, request) if extracted.patches is not None else None
        return self.response(extracted, time.perf_counter() - began, patches)

    def response(
        self, extracted: Extracted, seconds: float, patches: PatchFeatures | None = None
    ) -> ExtractFeaturesResponse:
        """Return the REST answer for one asset."""
        return ExtractFeaturesResponse(
            asset_id=extracted.asset_id,
            features=extracted.vector,
            features_extracted=True,
            features_timestamp=extracted.created_at,
            processing_time=round(seconds, 6),
            cached=extracted.cached,
            model=self._extractor.model.name,
            model_version=self._extractor.model.version,
            dimension=int(extracted.vector.shape[0]),
            patch_features=patches,
        )

    async def _patches(self, extracted: Extracted, request: ExtractFeaturesRequest) -> PatchFeatures:
        assert extracted.patches is not None
        rows, columns = self._extractor.model.patch_grid
        tokens = np.ascontiguousarray(extracted.patches, dtype="<f2").reshape(rows, columns, -1)
        shape = {"rows": rows, "columns": columns, "dimension": tokens.shape[2]}
        if request.patches == "inline":
            return PatchFeatures(**shape, data=base64.b64encode(tokens.tobytes()).decode())
        file = io.BytesIO()
        np.save(file, tokens)
        key = patches_key(self._extractor.model.version, extracted.sha256)
        objects = self._extractor.stores.objects
        await objects.put_bytes(key, file.getvalue(), "application/octet-stream")
        return PatchFeatures(**shape, url=await objects.presign_get(key))

    async def stored(self, context: Context, request: AssetFeaturesRequest) -> AssetFeaturesResponse:
        """Answer ``GET /assets/{asset_id}/features``."""
        model, stores = self._extractor.model, self._extractor.stores
        record = await stores.assets.get(request.asset_id)
        features = await stores.features.get(record.sha256, model.version)
        if features is None:
            raise NotFound(
                f"Asset {request.asset_id} has no features of {model.version}",
                details="Extract them with POST /api/v1/extract-features.",
            )
        return AssetFeaturesResponse(
            asset_id=request.asset_id,
            features=features.vector,
            features_timestamp=features.created_at,
            model=model.name,
            model_version=model.version,
            dimension=features.dimension,
        )

    async def embed(self, context: Context, request: EmbedRequest) -> EmbedResponse:
        """Answer the bus operation ``embed``."""
        model = self._extractor.model
        items = []
        outcomes = await self._extractor.many(request.asset_ids, context)
        for asset_id, outcome in zip(request.asset_ids, outcomes, strict=True):
            if isinstance(outcome, DinoError):
                items.append(EmbedItem(asset_id=asset_id, error=detail(outcome, context.request_id)))
            else:
                items.append(EmbedItem(asset_id=asset_id, sha256=outcome.sha256, vector=outcome.vector))
        return EmbedResponse(model=model.name, model_version=model.version, dimension=model.card.dimension, items=items)
