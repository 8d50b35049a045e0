"""Small randomly initialised DINOv3 models on disk, in the form in which users bring their own."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import DINOv3ConvNextConfig, DINOv3ConvNextModel, DINOv3ViTConfig, DINOv3ViTModel

LVD_MEAN = [0.485, 0.456, 0.406]
LVD_STD = [0.229, 0.224, 0.225]

# As published with the DINOv3 checkpoints, but for the size.
PREPROCESSOR = {
    "image_processor_type": "DINOv3ViTImageProcessorFast",
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_resize": True,
    "size": {"height": 64, "width": 64},
    "resample": 2,
    "do_normalize": True,
    "image_mean": LVD_MEAN,
    "image_std": LVD_STD,
}


def write_tiny_vit(directory: Path, *, seed: int = 0) -> Path:
    """Save a DINOv3 ViT (width 48, 3 blocks, 4 register tokens, 64 × 64 pictures, 16 patches) and return its path."""
    config = DINOv3ViTConfig(
        patch_size=16,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=3,
        num_register_tokens=4,
        image_size=64,
    )
    return _write(DINOv3ViTModel, config, directory, seed)


def write_tiny_convnext(directory: Path, *, seed: int = 0) -> Path:
    """Save a DINOv3 ConvNeXt (last width 40, 4 stages, 64 × 64 pictures, 4 cells) and return its path."""
    config = DINOv3ConvNextConfig(hidden_sizes=[8, 16, 24, 40], depths=[1, 1, 2, 1], layer_scale_init_value=0.5)
    return _write(DINOv3ConvNextModel, config, directory, seed)


def _write(kind: type, config: object, directory: Path, seed: int) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = kind(config)
        # The published initialisation leaves random features nearly equal for all pictures; wider weights
        # tell them apart, so that a test can see a difference.
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.ndim >= 2 and "token" not in name:
                    parameter.normal_(0.0, 1.0 / max(1, parameter[0].numel()) ** 0.5)
    model.eval().save_pretrained(directory)
    (directory / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    return directory
