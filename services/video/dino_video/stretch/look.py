"""Frames through the visual model, by the bus, a batch ahead of what is done with the last one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dino_common.bus.client import BusClient
from dino_common.bus.job_context import JobContext
from dino_common.bus.tasks import end
from dino_common.contracts import OPERATIONS
from dino_common.contracts.pixels import EmbedPixelsResponse
from dino_video.core.decode.planes import Plane
from dino_video.stretch.anew import BeginAnew

SIDE = 320
SEEN = Plane("rgb", exact=(SIDE, SIDE))
"""What the model is sent of a frame: squeezed to a square, whatever the film's shape."""
# Of one request, so that cancelling and progress stay quick on a processor without accelerator.
_AT_ONCE = 8
# Of one answer, so that it fits a message.
_ANSWER_BYTES = 6 * 1024 * 1024


Block = TypeVar("Block")


class ModelChanged(BeginAnew):
    """The model version changed in the middle of a film; features of two versions are never compared."""


@dataclass(frozen=True)
class Looked:
    """Features of frames: ``vectors`` float32 (n, d) of length 1, ``patches`` float32 (n, rows, columns, d) as the
    model's norm gives them."""

    vectors: NDArray[np.float32]
    patches: NDArray[np.float32]


class Eye:
    """Looks at frames of one film with one model version.

    Attributes:
        model, model_version: of the answers; empty before the first one.
    """

    def __init__(self, bus: BusClient, job: JobContext, model: str = "", model_version: str = "") -> None:
        """Ask through the bus; features must be of ``model_version`` where an earlier worker had one."""
        self._bus, self._job = bus, job
        self.model, self.model_version = model, model_version
        self._at_once = 1

    async def look(self, pixels: NDArray[np.uint8]) -> Looked:
        """Return the features of uint8 (n, h, w, 3) pictures, n ≥ 1.

        Raises:
            ModelChanged: an answer is of another model version than the first.
            DinoError: of the inference service, or ServiceUnavailable when nobody answers.
        """
        vectors, patches = [], []
        start = 0
        while start < len(pixels):
            part = await self._ask(pixels[start : start + self._at_once])
            start += len(part.vectors)
            vectors.append(np.asarray(part.vectors, np.float32))
            patches.append(np.asarray(part.patches, np.float32))
            # How large an answer is shows with the first one.
            size = np.asarray(part.patches).nbytes // len(part.vectors)
            self._at_once = max(1, min(_AT_ONCE, _ANSWER_BYTES // max(1, size)))
        return Looked(np.concatenate(vectors), np.concatenate(patches))

    async def _ask(self, pixels: NDArray[np.uint8]) -> EmbedPixelsResponse:
        request = {"pixels": pixels, "patches": True}
        answer = EmbedPixelsResponse.model_validate(
            await self._bus.call(OPERATIONS["embed-pixels"], request, self._job)
        )
        if self.model_version and answer.model_version != self.model_version:
            raise ModelChanged(f"model {self.model_version} became {answer.model_version}")
        self.model, self.model_version = answer.model, answer.model_version
        return answer


async def looked_at(
    eye: Eye, blocks: AsyncIterator[tuple[NDArray[np.uint8], Block]]
) -> AsyncGenerator[tuple[Looked | None, Block]]:
    """Look at the pixels (n, h, w, 3) of each block while the block before it is worked on; None where n is 0."""
    held: tuple[asyncio.Task[Looked] | None, Block] | None = None
    coming: asyncio.Task[Looked] | None = None
    try:
        async for pixels, block in blocks:
            coming = asyncio.create_task(eye.look(pixels)) if len(pixels) else None
            if held is not None:
                yield await _seen(held[0]), held[1]
            held = coming, block
        if held is not None:
            yield await _seen(held[0]), held[1]
    finally:
        left = [task for task in (coming, held[0] if held else None) if task is not None]
        await end(left)
        # What the one after a failed one says is nobody's concern; asked for, or it is logged as forgotten.
        await asyncio.gather(*left, return_exceptions=True)


async def _seen(task: asyncio.Task[Looked] | None) -> Looked | None:
    return None if task is None else await task
