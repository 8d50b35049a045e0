"""ConSE: a picture lies where the names of the classes that it looks like lie, by their probabilities.

Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings", ICLR 2014: f(x) is the mean of the
name vectors of the T likeliest classes, weighted by their probabilities. The names are embedded by the text model, so
that any text has a place among them. The mean of all names is taken from both sides before: unrelated pairs then have
cosines around 0, and no picture is near to everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from dino_common.errors import ModelNotLoaded
from dino_inference.checksums import weights_sha256
from dino_inference.image_text.classifier import class_names
from dino_inference.image_text.space import Calibration, Placed
from dino_inference.text_model import TextModel

TOP_CLASSES = 100
_BATCH, _LABELS = 8, 5
# A change of anything below gives other vectors of the same weights.
_RECIPE = "square on white, bicubic; top 100; minus the mean name"
# Measured on captioned pictures; see docs/search.md.
CALIBRATION = Calibration(midpoint=0.32, width=0.053)


class Conse:
    """The built-in image-text model; see ``ImageTextModel``."""

    calibration = CALIBRATION

    def __init__(self, directory: Path, text: TextModel) -> None:
        """Load the classifier and embed its classes' names (3 s).

        Raises:
            ModelNotLoaded: the directory does not hold the classifier.
        """
        import torch
        from safetensors.torch import load_file

        from dino_inference.core.efficientnet_lite import EfficientNetLite0

        try:
            self._network = EfficientNetLite0().eval()
            self._network.load_state_dict(load_file(str(directory / "model.safetensors")))
            self._names = class_names(directory)
        except Exception as error:
            raise ModelNotLoaded(f"the classifier at {directory} cannot be loaded: {error}") from error
        self._torch, self._text, self._one = torch, text, Lock()
        names = text.embed(self._names)
        self._mean = names.mean(0)
        self._classes = _unit(names - self._mean)
        digest = hashlib.sha256(f"{weights_sha256(directory)} {text.version} {_RECIPE}".encode()).hexdigest()
        self.version, self.dimension = f"conse-{directory.name}@{digest[:12]}", text.dimension

    def place(self, pictures: Sequence[np.ndarray]) -> list[Placed]:
        """See ``ImageTextModel``."""
        placed: list[Placed] = []
        for start in range(0, len(pictures), _BATCH):
            pixels = np.stack([squared(picture) for picture in pictures[start : start + _BATCH]])
            with self._one, self._torch.inference_mode():
                shares = self._network(self._torch.from_numpy(pixels)).softmax(1).numpy()
            placed += [self._placed(share) for share in shares]
        return placed

    def _placed(self, shares: np.ndarray) -> Placed:
        order = np.argsort(-shares, kind="stable")[:TOP_CLASSES]
        vector = _unit((shares[order, None] * self._classes[order]).sum(0, keepdims=True))[0]
        labels = tuple((self._names[i], round(float(shares[i]), 4)) for i in order[:_LABELS])
        return Placed(vector.astype(np.float32), labels)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """See ``ImageTextModel``."""
        return _unit(self._text.embed(texts) - self._mean).astype(np.float32)


def squared(picture: np.ndarray, side: int = 224) -> np.ndarray:
    """Return uint8 (side, side, 3) of uint8 (height, width, 3): the whole picture, centred on white."""
    image = Image.fromarray(picture)
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    ground = Image.new("RGB", (side, side), (255, 255, 255))
    ground.paste(image.resize(size, Image.Resampling.BICUBIC), ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(ground)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
