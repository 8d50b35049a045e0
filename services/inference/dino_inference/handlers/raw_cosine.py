"""Handler of raw-cosine: two features compared as the model gives them, without the card's statistics."""

from __future__ import annotations

import numpy as np

from dino_common.bus.context import Context
from dino_common.contracts.internal import RawCosineRequest, RawCosineResponse
from dino_common.errors import DinoError
from dino_inference.core.features import raw, scaled
from dino_inference.extraction import Extracted, Extractor


class RawCosineHandlers:
    """Undoes centring and whitening of stored features; computes those that are missing."""

    def __init__(self, extractor: Extractor) -> None:
        """Use this extractor, its stores and its model's card."""
        self._extractor = extractor

    async def compare(self, context: Context, request: RawCosineRequest) -> RawCosineResponse:
        """Answer the bus operation ``raw-cosine``.

        Raises:
            DinoError: the first asset's, as ``Extractor.many``.
        """
        model = self._extractor.model
        found: list[Extracted] = []
        # Durable: the length is in the document store alone.
        for outcome in await self._extractor.many(request.asset_ids, context, durable=True):
            if isinstance(outcome, DinoError):
                raise outcome
            found.append(outcome)
        stored = await self._extractor.stores.features.get_many([item.sha256 for item in found], model.version)
        records = [stored.get(item.sha256) for item in found]
        lengths = [record.length for record in records if record is not None and record.length is not None]
        if len(lengths) < len(found):
            return RawCosineResponse(cosine=None, model_version=model.version)
        vectors = np.stack([item.vector for item in found])
        tokens = raw(vectors, np.array(lengths), model.card.centring, model.card.whitening)
        one, two = scaled(tokens)[0]
        cosine = min(1.0, max(-1.0, float(one @ two)))
        return RawCosineResponse(cosine=round(cosine, 6), model_version=model.version)
