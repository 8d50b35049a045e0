"""A vision backbone of `transformers` as one module: uint8 pixels in, class token and patch tokens out."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers.utils import logging as transformers_logging

from dino_inference.core.card import ModelCard

# Where each architecture keeps its blocks and its last norm: (path to the block list, name of the norm).
_PARTS = {
    "dinov2": ("encoder.layer", "layernorm"),
    "dinov2_with_registers": ("encoder.layer", "layernorm"),
    "dinov3_vit": ("model.layer", "norm"),
    "dinov3_convnext": ("model.stages", "layer_norm"),
}
ARCHITECTURES = tuple(_PARTS)


class Encoder(nn.Module):
    """Normalise, run the backbone up to the card's layer, apply the final norm if the card says so.

    ``forward(pixels)`` takes uint8 (n, height, width, 3) and returns the class token (n, dimension) and the
    patch tokens (n, patches, dimension) in the module's own dtype, neither centred nor L2-normalised. For a
    ConvNeXt the class token is the pooled map and the patches are the cells of the last map.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, backbone: PreTrainedModel, card: ModelCard) -> None:
        """Truncate the backbone as the card says; later blocks are dropped, never computed."""
        super().__init__()
        self.backbone = _truncated(backbone, card).eval().requires_grad_(False)
        self.compute_dtype = backbone.dtype
        self.first_patch = 1 + card.register_tokens
        std = torch.tensor(card.image.std, dtype=torch.float64)
        mean = torch.tensor(card.image.mean, dtype=torch.float64)
        # (x · rescale − mean) / std as one multiplication and one addition.
        scale = (card.image.rescale_factor / std).float().view(1, 3, 1, 1)
        shift = (-mean / std).float().view(1, 3, 1, 1)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (class token, patch tokens); see the class."""
        normalised = pixels.permute(0, 3, 1, 2).to(self.scale.dtype) * self.scale + self.shift
        tokens = self.backbone(pixel_values=normalised.to(self.compute_dtype)).last_hidden_state
        return tokens[:, 0], tokens[:, self.first_patch :]


def load_encoder(
    directory: Path, card: ModelCard, *, attention: str = "fused", dtype: torch.dtype = torch.float32
) -> Encoder:
    """Load a model directory as an encoder on the CPU, for inference only.

    ``attention`` is fused (scaled_dot_product_attention where the architecture has attention) or eager; the
    normalisation stays in float32 whatever the backbone's ``dtype``.
    """
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # A service's log is no terminal.
    try:
        backbone = AutoModel.from_pretrained(
            directory, attn_implementation=_implementation(attention, card), dtype=dtype
        )
    finally:
        if bars:
            transformers_logging.enable_progress_bar()
    return Encoder(backbone, card).eval()


def _implementation(attention: str, card: ModelCard) -> str:
    return "sdpa" if attention == "fused" and card.architecture != "dinov3_convnext" else "eager"


def layer_count(config: object) -> int:
    """Count what ``feature_layer`` may name: transformer blocks, or stages of a ConvNeXt."""
    return int(getattr(config, "num_hidden_layers", 0) or len(getattr(config, "depths", ()) or ()))


def _truncated(backbone: PreTrainedModel, card: ModelCard) -> PreTrainedModel:
    path, norm = _PARTS[card.architecture]
    if card.feature_layer is not None:
        holder = backbone.get_submodule(path.rpartition(".")[0])
        blocks = backbone.get_submodule(path)
        if not isinstance(blocks, nn.ModuleList) or not 1 <= card.feature_layer <= len(blocks):
            raise ValueError(f"feature_layer {card.feature_layer} is not among {card.layers} layers")
        setattr(holder, path.rpartition(".")[2], blocks[: card.feature_layer])
    if card.norm == "none":
        setattr(backbone, norm, nn.Identity())
    return backbone
