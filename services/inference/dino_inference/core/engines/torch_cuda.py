"""PyTorch on a CUDA device: bf16 or fp16, fused attention, compiled per batch bucket, pinned host memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch._dynamo.exc import TorchDynamoException

from dino_inference.core.encoder import Encoder
from dino_inference.core.engines.memory import forward_or_split
from dino_inference.core.engines.protocol import Tokens

log = logging.getLogger(__name__)

Run = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


class TorchCudaEngine:
    """Batches of at most ``max_batch`` are padded to the next bucket: a few compiled shapes serve every
    size."""

    name = "torch-cuda"
    device = "cuda"
    worth_waiting = True

    def __init__(
        self,
        encoder: Encoder,
        input_size: tuple[int, int],
        precision: str,
        max_batch: int,
        *,
        compile: bool = True,
    ) -> None:
        """Move an encoder, loaded in ``precision``, to the device and run every bucket once.

        Compilation thus happens before the first request. Raises GpuMemoryError when a full batch does not
        fit.
        """
        self.precision = precision
        self.useful_batch = max_batch
        self._encoder = encoder.to("cuda")
        self._run: Run = self._encoder
        self._buckets = buckets(max_batch)
        height, width = input_size
        self._staging = torch.empty((max_batch, height, width, 3), dtype=torch.uint8, pin_memory=True)

        def warm(run: Run) -> None:
            self._run = run
            for size in self._buckets:
                self.forward(np.zeros((size, height, width, 3), dtype=np.uint8))

        if compile:
            compiled_or_eager(self._encoder, warm)
        else:
            warm(self._encoder)

    def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
        """See ``Engine.forward``."""
        return forward_or_split(lambda part: self._forward(part, patches=patches), pixels, torch.cuda.empty_cache)

    @torch.inference_mode()
    def _forward(self, pixels: np.ndarray, *, patches: bool) -> Tokens:
        count = len(pixels)
        size = bucket_of(count, self._buckets)
        staged = self._staging[:size]
        staged[:count].copy_(torch.from_numpy(np.ascontiguousarray(pixels)))
        cls, rest = self._run(staged.to("cuda", non_blocking=True))
        # .cpu() waits for the device, so the staging buffer is free again when this returns.
        return Tokens(
            cls[:count].float().cpu().numpy(),
            rest[:count].to(torch.float16).cpu().numpy() if patches else None,
        )


def compiled_or_eager(
    module: torch.nn.Module, warm: Callable[[Run], None], backend: str | Callable[..., Any] = "inductor"
) -> Run:
    """Compile a module and warm it up; where the compiler does not work, warm the module itself and say so.

    An image without a C compiler is the usual cause: the answers are the same, only slower, so it is no reason not
    to serve, but it is one to be told.
    """
    compiled = torch.compile(module, dynamic=False, backend=backend)
    try:
        warm(compiled)
    except TorchDynamoException as error:
        log.warning(
            "torch.compile does not work here, the model runs eager and slower; install a C compiler (gcc) or set "
            "CC to one: %s",
            str(error).strip().partition("\n")[0],
        )
        warm(module)
        return module
    return compiled


def buckets(max_batch: int) -> tuple[int, ...]:
    """List the batch sizes that are compiled: powers of two below ``max_batch``, and ``max_batch``."""
    sizes = [1]
    while sizes[-1] * 2 < max_batch:
        sizes.append(sizes[-1] * 2)
    return tuple(sizes) if max_batch == 1 else (*sizes, max_batch)


def bucket_of(count: int, sizes: tuple[int, ...]) -> int:
    """Return the smallest bucket that holds ``count`` pictures; raises ValueError above the largest."""
    for size in sizes:
        if size >= count:
            return size
    raise ValueError(f"a batch of {count} is larger than the largest bucket, {sizes[-1]}")
