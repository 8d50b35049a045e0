"""PyTorch on the CPU in float32: the reference that every other engine is measured against."""

from __future__ import annotations

import numpy as np
import torch

from dino_inference.core.encoder import Encoder
from dino_inference.core.engines.protocol import Tokens


class TorchCpuEngine:
    """Plain eager execution; slower than OpenVINO, and needs nothing but PyTorch."""

    name = "torch"
    device = "cpu"
    precision = "fp32"
    useful_batch = 8
    worth_waiting = False

    def __init__(self, encoder: Encoder) -> None:
        """Take a float32 encoder on the CPU."""
        self._encoder = encoder

    @torch.inference_mode()
    def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
        """See ``Engine.forward``."""
        cls, rest = self._encoder(torch.from_numpy(np.ascontiguousarray(pixels)))
        return Tokens(cls.float().numpy(), rest.to(torch.float16).numpy() if patches else None)
