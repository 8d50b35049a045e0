"""From ``DINO_IMAGE_TEXT_MODEL`` to a loaded model."""

from __future__ import annotations

from pathlib import Path

from dino_common.errors import ModelNotLoaded
from dino_common.settings import Settings
from dino_inference.image_text.classifier import ensure_classifier
from dino_inference.image_text.conse import Conse
from dino_inference.image_text.dual_encoder import DualEncoder
from dino_inference.image_text.space import ImageTextModel
from dino_inference.text_model import shared_text_model

OFF = "off"


def load_image_text(settings: Settings) -> ImageTextModel:
    """Load the model that the settings name; fetches the built-in one where it is missing.

    Raises:
        ModelNotLoaded: it cannot be fetched or loaded, or the setting says off.
    """
    name = settings.image_text_model
    if name == OFF:
        raise ModelNotLoaded("the image-text space is switched off", details="See DINO_IMAGE_TEXT_MODEL.")
    if not name:
        cache = settings.model_cache_dir
        return Conse(ensure_classifier(cache), shared_text_model(cache))
    directory = Path(name).expanduser()
    if not directory.is_dir():
        raise ModelNotLoaded(
            f"DINO_IMAGE_TEXT_MODEL={name} is no directory",
            details="Name a directory of a CLIP or SigLIP model, leave it empty, or set it to off.",
        )
    return DualEncoder(directory, "cuda" if _cuda(settings) else "cpu")


def _cuda(settings: Settings) -> bool:
    import torch

    return settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
