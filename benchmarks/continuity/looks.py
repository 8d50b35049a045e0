"""The patch features of a case's pictures, as the service asks for them; kept in a cache folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.continuity.tiles import cut, merged
from dino_inference.visual_model import VisualModel

CACHE = Path("var/bench/continuity/patches")


@dataclass(frozen=True)
class Settings:
    """What loading the built-in model needs."""

    model_cache_dir: Path = Path("var/models")
    model_name: str = ""
    device: str = "cpu"
    precision: str = "auto"
    batch_size: int = 16
    max_pixels: int = 100_000_000


class Looks:
    """Looks at pictures with the built-in model, at each of them once."""

    def __init__(self) -> None:
        """Load the model at the first picture that is not kept."""
        self._model: VisualModel | None = None
        CACHE.mkdir(parents=True, exist_ok=True)

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the merged grid of uint8 (h, w, 3)."""
        kept = CACHE / f"{hashlib.sha256(pixels.tobytes()).hexdigest()[:24]}.npy"
        if not kept.exists():
            self._model = self._model or VisualModel.load(Settings())
            found = self._model.embed(cut(pixels, self._model.input_size), patches=True).patches
            assert found is not None
            rows, columns = self._model.patch_grid
            np.save(kept, found.reshape(len(found), rows, columns, -1).astype(np.float16))
        return merged(np.load(kept))
