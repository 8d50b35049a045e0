"""Vectors of pictures under each light that identity is judged by, kept per model version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from dino_inference.core.card import ModelCard
from dino_inference.core.engines.choose import make_engine
from dino_inference.core.features import finish
from dino_inference.core.preprocess import fit

_BATCH = 24


def embed(
    paths: Sequence[Path],
    variants: Callable[[np.ndarray], list[np.ndarray]],
    directory: Path,
    card: ModelCard,
    kept: Path,
) -> np.ndarray:
    """Return float32 (pictures, variants, dimension), each of length 1; kept in a file."""
    if kept.is_file():
        return np.load(kept)
    engine = make_engine(directory, card)
    pictures: list[np.ndarray] = []
    for path in paths:
        pictures += variants(np.asarray(Image.open(path).convert("RGB")))
    rows = []
    for start in range(0, len(pictures), _BATCH):
        batch = [fit(picture, card.image) for picture in pictures[start : start + _BATCH]]
        rows.append(finish(engine.forward(np.stack(batch)).cls, card.centring, card.whitening))
    vectors = np.concatenate(rows).reshape(len(paths), -1, rows[0].shape[1])
    np.save(kept, vectors)
    return vectors
