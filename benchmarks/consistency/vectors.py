"""Vectors of pictures under each light that identity is judged by; class tokens are kept."""

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
    cache: Path,
) -> np.ndarray:
    """Return float32 (pictures, variants, dimension), each of length 1; class tokens are kept in ``cache``."""
    model = card.model_copy(update={"centring": None, "whitening": None}).version.rpartition("@")[2]
    kept = cache / f"class-tokens-{model}-{len(paths)}.npy"
    tokens = np.load(kept) if kept.is_file() else _tokens(paths, variants, directory, card)
    if not kept.is_file():
        np.save(kept, tokens)
    return finish(tokens, card.centring, card.whitening).reshape(len(paths), -1, tokens.shape[1])


def _tokens(
    paths: Sequence[Path], variants: Callable[[np.ndarray], list[np.ndarray]], directory: Path, card: ModelCard
) -> np.ndarray:
    engine = make_engine(directory, card)
    pictures: list[np.ndarray] = []
    for path in paths:
        pictures += variants(np.asarray(Image.open(path).convert("RGB")))
    rows = []
    for start in range(0, len(pictures), _BATCH):
        batch = [fit(picture, card.image) for picture in pictures[start : start + _BATCH]]
        rows.append(engine.forward(np.stack(batch)).cls)
    return np.concatenate(rows)
