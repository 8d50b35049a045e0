"""One visual model, ready to answer: its card, its engine, and the way from bytes to features."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from dino_common.errors import ModelNotLoaded
from dino_common.imaging import ImageLimits
from dino_inference.card_store import find_card
from dino_inference.core.card import ModelCard
from dino_inference.core.engines.choose import make_engine
from dino_inference.core.engines.protocol import Engine, join
from dino_inference.core.features import moved, scaled
from dino_inference.core.golden import golden_pixels
from dino_inference.core.preprocess import preprocess
from dino_inference.locate import locate

log = logging.getLogger(__name__)

# Smallest cosine to the recorded golden vector, by precision. Another layer, mean or model falls far below.
GOLDEN_BOUNDS = {"fp32": 0.9999, "bf16": 0.98, "fp16": 0.98}


class ModelSettings(Protocol):
    """What loading a model needs of the settings; ``dino_common.settings.Settings`` has it all."""

    @property
    def model_name(self) -> str: ...  # noqa: D102
    @property
    def model_cache_dir(self) -> Path: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def precision(self) -> str: ...  # noqa: D102
    @property
    def batch_size(self) -> int: ...  # noqa: D102
    @property
    def max_pixels(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Features of a batch.

    ``features`` is float32 (n, dimension), each row of length 1; ``lengths`` float32 (n,), what the rows were divided
    by; ``patches`` is float16 (n, patches, dimension), as the model's norm gives them (not centred, not scaled), or
    None when not asked for.
    """

    features: np.ndarray
    lengths: np.ndarray
    patches: np.ndarray | None


class VisualModel:
    """A loaded model version; one per process.

    ``preprocess`` may run in any number of threads, ``embed`` in one at a time.
    """

    def __init__(self, card: ModelCard, engine: Engine, *, batch_size: int = 32, max_pixels: int = 100_000_000) -> None:
        """Bind a card to the engine that runs its weights."""
        self.card = card
        self.engine = engine
        self.batch_size = batch_size
        # Hashed once: a card does not change while it is served.
        self.version = card.version
        self._limits = ImageLimits(max_pixels=max_pixels)

    @classmethod
    def load(cls, settings: ModelSettings) -> VisualModel:
        """Find the model that the settings name (none: the built-in one), read its card, start its engine.

        Raises ModelNotLoaded, with the fix, when the model cannot be found, fetched or run.
        """
        cache = Path(settings.model_cache_dir).expanduser()
        directory = locate(settings.model_name, cache)
        card = find_card(directory, cache, settings.model_name or None)
        engine = make_engine(
            directory,
            card,
            device=settings.device,
            precision=settings.precision,
            batch_size=settings.batch_size,
            graphs=cache / "graphs",
        )
        log.info("model %s runs on %s (%s, %s)", card.version, engine.name, engine.device, engine.precision)
        return cls(card, engine, batch_size=settings.batch_size, max_pixels=settings.max_pixels)

    @property
    def name(self) -> str:
        """The card's name, without the hash of the version."""
        return self.card.name

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the pixels that ``embed`` takes."""
        return self.card.image.input_size

    @property
    def patch_grid(self) -> tuple[int, int]:
        """(rows, columns) of the patch tokens."""
        height, width = self.input_size
        return height // self.card.patch_size, width // self.card.patch_size

    @property
    def preprocessing_id(self) -> str:
        """Twelve hex digits that name how pictures are resized and cropped.

        Models with the same identifier can share preprocessed pictures: mean and std are applied later.
        """
        spec = self.card.image.model_dump_json(exclude={"mean", "std", "rescale_factor"})
        return hashlib.sha256(spec.encode()).hexdigest()[:12]

    def preprocess(self, data: bytes) -> np.ndarray:
        """Decode a picture and fit it to the model: uint8 (height, width, 3).

        Raises InvalidFileFormat and FileTooLarge.
        """
        return preprocess(data, self.card.image, self._limits)

    def embed(self, pixels: np.ndarray, *, patches: bool = False) -> Embeddings:
        """Compute the features of uint8 (n, height, width, 3) pixels, n ≥ 1, ``batch_size`` at a time.

        Raises GpuMemoryError.
        """
        parts = [
            self.engine.forward(pixels[start : start + self.batch_size], patches=patches)
            for start in range(0, len(pixels), self.batch_size)
        ]
        tokens = parts[0] if len(parts) == 1 else join(parts)
        features, lengths = scaled(moved(tokens.cls, self.card.centring, self.card.whitening))
        return Embeddings(features, lengths, tokens.patches)

    def golden_pixels(self) -> np.ndarray:
        """Return the picture of the self-test: uint8 (height, width, 3)."""
        return golden_pixels(self.card.image)

    @property
    def golden_bound(self) -> float:
        """Smallest cosine to the golden vector with which this engine's precision counts as right."""
        return GOLDEN_BOUNDS[self.engine.precision]

    def golden_cosine(self, vector: np.ndarray) -> float:
        """Compare the golden picture's feature, float32 (dimension,), with the recorded one; −1 to 1.

        Raises ModelNotLoaded when the card records none.
        """
        if self.card.golden is None:
            raise ModelNotLoaded(
                f"the card of {self.card.name} has no golden vector",
                details="Delete the card and start again, so that one is derived.",
            )
        return float(vector @ self.card.golden.vector)

    def check_golden(self) -> float:
        """Run the golden picture and return its cosine to the recorded vector.

        Raises ModelNotLoaded when it is below ``golden_bound``: the weights, the card or the engine are not
        what they claim to be.
        """
        cosine = self.golden_cosine(self.embed(self.golden_pixels()[None]).features[0])
        if not cosine >= self.golden_bound:
            raise ModelNotLoaded(
                f"golden picture: cosine {cosine:.5f} to the recorded vector, bound {self.golden_bound}",
                details="The weights, the card or the engine changed; pull the model or derive a card again.",
            )
        return cosine
