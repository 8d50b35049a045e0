"""Handler of embed-picture: features of a file that is no asset; nothing is stored."""

from __future__ import annotations

from dino_common.bus.context import Context
from dino_common.contracts.search_by_image import EmbedPictureRequest, EmbedPictureResponse
from dino_common.stores.objects import Objects
from dino_inference.batcher import Batcher
from dino_inference.visual_model import VisualModel


class PictureHandlers:
    """Treats bytes as the extraction treats an asset's."""

    def __init__(self, model: VisualModel, batcher: Batcher, objects: Objects, most_bytes: int) -> None:
        """Use these; refuse files of more bytes."""
        self._model, self._batcher, self._objects, self._most = model, batcher, objects, most_bytes

    async def embed(self, context: Context, request: EmbedPictureRequest) -> EmbedPictureResponse:
        """Answer the bus operation ``embed-picture``.

        Raises:
            DinoError: InvalidFileFormat and FileTooLarge of the picture, and those of the batcher.
        """
        data = request.data
        if data is None:
            assert request.object_key is not None
            data = await self._objects.get_bytes(request.object_key, self._most)
        result = await self._batcher.submit(data, deadline=context.deadline)
        return EmbedPictureResponse(model_version=self._model.version, vector=result.vector)
