"""Handler of embed-image-text."""

from __future__ import annotations

import numpy as np

from dino_common.bus.context import Context
from dino_common.contracts.image_text import (
    EmbedImageTextRequest,
    EmbedImageTextResponse,
    ImageTextFailure,
    ImageTextSpace,
)
from dino_common.problems import detail
from dino_inference.image_text.placing import Placing


class ImageTextHandlers:
    """Pictures and texts in one space."""

    def __init__(self, placing: Placing) -> None:
        """Use this."""
        self._placing = placing

    async def embed(self, context: Context, request: EmbedImageTextRequest) -> EmbedImageTextResponse:
        """Answer the bus operation ``embed-image-text``.

        Raises:
            ModelNotLoaded: the model is missing; the details say how to fetch it.
        """
        if self._placing.off:
            return EmbedImageTextResponse(space=None)
        model = await self._placing.model()
        failures = await self._placing.make_sure(request.asset_ids) if request.asset_ids else {}
        vectors = (
            await self._placing.texts(request.texts)
            if request.texts
            else np.empty((0, model.dimension), dtype=np.float32)
        )
        return EmbedImageTextResponse(
            space=ImageTextSpace(
                model_version=model.version,
                dimension=model.dimension,
                midpoint=model.calibration.midpoint,
                width=model.calibration.width,
            ),
            vectors=vectors,
            failures=[
                ImageTextFailure(asset_id=asset_id, error=detail(error, context.request_id))
                for asset_id, error in failures.items()
            ],
        )
