"""EfficientNet-Lite0: a small ImageNet classifier (Tan and Le, "EfficientNet", ICML 2019; the Lite variant of 2020 has
no squeeze-and-excitation and ReLU6). Batch norms are folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT_SIZE = 224
CLASSES = 1000
# Of pixels in 0-255, the same for every channel.
MEAN, STD = 127.0, 128.0
_NORM_EPSILON = 1e-3
# repeats, kernel, stride, expansion, channels out
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _HEAD = 32, 1280


class _Conv(nn.Conv2d):
    """Pads as TensorFlow does: what a stride leaves over goes to the right and below."""

    def forward(self, input: Tensor) -> Tensor:
        padding = []
        for size, kernel, stride in zip(input.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
            padding += [total // 2, total - total // 2]
        return super().forward(functional.pad(input, padding) if any(padding) else input)


class _Block(nn.Module):
    """Inverted residual: widen, filter each channel, narrow."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = channels_in * expansion
        self.expand = _Conv(channels_in, width, 1) if expansion != 1 else None
        self.depthwise = _Conv(width, width, kernel, stride, groups=width)
        self.project = _Conv(width, channels_out, 1)
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else functional.relu6(self.expand(x))
        y = self.project(functional.relu6(self.depthwise(y)))
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    """Pixels to logits of ImageNet's 1,000 classes."""

    def __init__(self) -> None:
        """Random weights; load a state dict."""
        super().__init__()
        self.stem = _Conv(3, _STEM, 3, 2)
        blocks, channels = [], _STEM
        for repeats, kernel, stride, expansion, out in _STAGES:
            for repeat in range(repeats):
                blocks.append(_Block(channels, out, kernel, stride if repeat == 0 else 1, expansion))
                channels = out
        self.blocks = nn.Sequential(*blocks)
        self.head = _Conv(channels, _HEAD, 1)
        self.classifier = nn.Linear(_HEAD, CLASSES)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return float32 (n, 1000) of uint8 or float (n, 224, 224, 3) in 0-255."""
        x = (pixels.permute(0, 3, 1, 2).to(torch.float32) - MEAN) / STD
        return self.classifier(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """Return float32 (n, 1280), the pooled last layer, of normalised float32 (n, 3, height, width)."""
        x = self.blocks(functional.relu6(self.stem(x)))
        return functional.relu6(self.head(x)).mean((2, 3))


def folded(checkpoint: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Return this module's weights, float32, of a checkpoint of the package ``efficientnet-lite-pytorch``.

    Raises:
        KeyError: it lacks a tensor.
    """
    weights: dict[str, np.ndarray] = {}

    def fold(name: str, convolution: str, norm: str) -> None:
        scale = checkpoint[f"{norm}.weight"] / torch.sqrt(checkpoint[f"{norm}.running_var"] + _NORM_EPSILON)
        weights[f"{name}.weight"] = _plain(checkpoint[f"{convolution}.weight"] * scale[:, None, None, None])
        weights[f"{name}.bias"] = _plain(checkpoint[f"{norm}.bias"] - checkpoint[f"{norm}.running_mean"] * scale)

    fold("stem", "_conv_stem", "_bn0")
    for number in range(sum(stage[0] for stage in _STAGES)):
        block = f"_blocks.{number}"
        if f"{block}._expand_conv.weight" in checkpoint:
            fold(f"blocks.{number}.expand", f"{block}._expand_conv", f"{block}._bn0")
        fold(f"blocks.{number}.depthwise", f"{block}._depthwise_conv", f"{block}._bn1")
        fold(f"blocks.{number}.project", f"{block}._project_conv", f"{block}._bn2")
    fold("head", "_conv_head", "_bn1")
    weights["classifier.weight"], weights["classifier.bias"] = map(
        _plain, (checkpoint["_fc.weight"], checkpoint["_fc.bias"])
    )
    return weights


def _plain(tensor: Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().to(torch.float32).numpy())
