"""Handler of embed-pixels: features of pictures that are no assets, such as the frames of a film."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np

from dino_common.bus.context import Context
from dino_common.contracts.pixels import EmbedPixelsRequest, EmbedPixelsResponse
from dino_inference.batcher import Batcher, Result
from dino_inference.visual_model import VisualModel


class PixelHandlers:
    """Fits pictures to the model and lets them join its batches; nothing is stored."""

    def __init__(self, model: VisualModel, batcher: Batcher) -> None:
        """Use these."""
        self._model, self._batcher = model, batcher

    async def embed(self, context: Context, request: EmbedPixelsRequest) -> EmbedPixelsResponse:
        """Answer the bus operation ``embed-pixels``.

        Raises:
            DinoError: of the batcher, such as ServiceUnavailable while its queue is full.
        """
        fitted = await asyncio.to_thread(stretched, request.pixels, self._model.input_size)
        results = await self._embedded(fitted, context, request.patches)
        patches = None
        if request.patches:
            rows, columns = self._model.patch_grid
            tokens = [result.patches for result in results if result.patches is not None]
            patches = np.stack(tokens).astype("<f2", copy=False)
            patches = patches.reshape(len(results), rows, columns, -1)
        vectors = np.stack([result.vector for result in results])
        return EmbedPixelsResponse(
            model=self._model.name,
            model_version=self._model.version,
            dimension=vectors.shape[1],
            vectors=vectors,
            patches=patches,
        )

    async def _embedded(self, fitted: list[np.ndarray], context: Context, patches: bool) -> list[Result]:
        try:
            # One that fails ends the request; the others are not computed for nobody.
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._batcher.submit_pixels(one, deadline=context.deadline, patches=patches))
                    for one in fitted
                ]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]


def stretched(pixels: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
    """Return each picture of uint8 (n, height, width, 3) resized to (height, width), its aspect not kept."""
    height, width = size
    if pixels.shape[1:3] == size:
        return list(pixels)
    # Averages of areas when it shrinks, so that fine texture does not alias.
    shrinks = pixels.shape[1] >= height and pixels.shape[2] >= width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return [cv2.resize(picture, (width, height), interpolation=how) for picture in pixels]
