"""A CLIP or SigLIP of the user's, in transformers form: one encoder for pictures and one for texts.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021; Zhai et al.,
"Sigmoid Loss for Language Image Pre-Training", ICCV 2023.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from dino_common.errors import ModelNotLoaded
from dino_inference.checksums import file_sha256, weights_sha256
from dino_inference.image_text.space import Calibration, Placed

_BATCH = 8
_PROCESSING = ("preprocessor_config.json", "tokenizer.json", "tokenizer_config.json")
# SigLIP was trained on texts padded to their full length.
_PADDED = ("siglip", "siglip2")
_FIX = "Name a directory of a CLIP or SigLIP model in DINO_IMAGE_TEXT_MODEL, leave it empty, or set it to off."
# Texts that fit hardly any picture: what unrelated pairs look like in the space is measured on them.
_BACKGROUND = (
    *("a signed treaty", "the smell of rain", "quarterly tax return", "a minor chord", "the square root of two"),
    *("a proverb in Latin", "last night's dream", "an email about a meeting", "a rumour", "the rules of grammar"),
    *("a change of government", "low blood pressure", "interest rates", "the taste of salt", "a phone number"),
)


class DualEncoder:
    """A model with ``get_image_features`` and ``get_text_features``; see ``ImageTextModel``."""

    def __init__(self, directory: Path, device: str = "cpu") -> None:
        """Load the model and measure what unrelated pairs look like.

        Raises:
            ModelNotLoaded: the directory does not hold such a model.
        """
        import torch
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        try:
            self._network: Any = AutoModel.from_pretrained(str(directory), dtype=torch.float32).eval().to(device)
            self._processor: Any = AutoImageProcessor.from_pretrained(str(directory), backend="pil")
            self._tokenizer: Any = AutoTokenizer.from_pretrained(str(directory))
            parts = [weights_sha256(directory)]
            parts += [file_sha256(directory / name) for name in _PROCESSING if (directory / name).is_file()]
        except Exception as error:
            raise ModelNotLoaded(
                f"the image-text model at {directory} cannot be loaded: {error}", details=_FIX
            ) from error
        if not hasattr(self._network, "get_image_features") or not hasattr(self._network, "get_text_features"):
            raise ModelNotLoaded(f"{directory} holds no model of pictures and texts", details=_FIX)
        self._torch, self._device, self._one = torch, device, Lock()
        config = self._network.config
        self._padding = "max_length" if config.model_type in _PADDED else True
        self._longest = int(config.text_config.max_position_embeddings)
        self.version = f"{directory.name}@{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"
        background = self.embed_texts(_BACKGROUND)
        self.dimension = int(background.shape[1])
        self.calibration = _calibration(np.stack([p.vector for p in self.place(_unrelated())]) @ background.T)

    def place(self, pictures: Sequence[np.ndarray]) -> list[Placed]:
        """See ``ImageTextModel``."""
        placed: list[Placed] = []
        for start in range(0, len(pictures), _BATCH):
            images = [Image.fromarray(picture) for picture in pictures[start : start + _BATCH]]
            inputs = self._processor(images=images, return_tensors="pt").to(self._device)
            with self._one, self._torch.inference_mode():
                rows = _rows(self._network.get_image_features(**inputs))
            placed += [Placed(row) for row in rows]
        return placed

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """See ``ImageTextModel``."""
        inputs = self._tokenizer(
            list(texts), padding=self._padding, truncation=True, max_length=self._longest, return_tensors="pt"
        ).to(self._device)
        with self._one, self._torch.inference_mode():
            return _rows(self._network.get_text_features(**inputs))


def _rows(features: Any) -> np.ndarray:
    """Return float32 rows of length 1; some versions of transformers answer with the whole output."""
    tensor = getattr(features, "pooler_output", features)
    rows = tensor.float().cpu().numpy()
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _unrelated() -> list[np.ndarray]:
    """Eight pictures of smooth colours."""
    random = np.random.default_rng(0)
    cells = random.integers(0, 256, (8, 4, 4, 3), dtype=np.uint8)
    return [np.asarray(Image.fromarray(cell).resize((224, 224), Image.Resampling.BICUBIC)) for cell in cells]


def _calibration(cosines: np.ndarray) -> Calibration:
    """Of a normal distribution with the unrelated pairs' mean and deviation: its 99th percentile, half its width."""
    deviation = max(1e-3, float(cosines.std()))
    return Calibration(float(cosines.mean()) + 2.33 * deviation, deviation / 2)
