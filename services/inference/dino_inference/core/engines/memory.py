"""Out of accelerator memory: halve the batch, try once more, then say so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from dino_common.errors import GpuMemoryError
from dino_inference.core.engines.protocol import Tokens, join

Forward = Callable[[np.ndarray], Tokens]


def forward_or_split(forward: Forward, pixels: np.ndarray, release: Callable[[], None]) -> Tokens:
    """Run ``forward``; when it raises ``torch.OutOfMemoryError``, release the cache and run the two halves
    once.

    Raises GpuMemoryError when one picture, or a half, does not fit either.
    """
    try:
        return forward(pixels)
    except torch.OutOfMemoryError:
        release()
    if len(pixels) == 1:
        raise GpuMemoryError("the accelerator's memory does not hold a single picture")
    middle = (len(pixels) + 1) // 2
    try:
        halves = [forward(pixels[:middle]), forward(pixels[middle:])]
    except torch.OutOfMemoryError as error:
        release()
        raise GpuMemoryError(
            f"the accelerator's memory does not hold {middle} pictures at once",
            details="Lower DINOV3_BATCH_SIZE, or give the service an accelerator of its own.",
        ) from error
    return join(halves)
