"""Vectors of the labelled pictures: a model's raw class tokens, kept per model version, and a colour histogram."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from benchmarks.labelled.dataset import Sample

from dino_common.imaging import ImageLimits, decode_rgb
from dino_inference.core.card import ModelCard
from dino_inference.core.engines.choose import make_engine
from dino_inference.core.preprocess import preprocess

_BATCH = 16


def class_tokens(samples: list[Sample], directory: Path, card: ModelCard, cache: Path) -> np.ndarray:
    """Return float32 (samples, dimension): before centring, whitening and the L2 norm. Kept in ``cache``."""
    version = card.model_copy(update={"centring": None, "whitening": None}).version.rpartition("@")[2]
    kept = cache / f"class-tokens-{version}-{len(samples)}.npy"
    if kept.is_file():
        return np.load(kept)
    engine = make_engine(directory, card)
    rows = []
    for start in range(0, len(samples), _BATCH):
        batch = [preprocess(item.data, card.image, ImageLimits()) for item in samples[start : start + _BATCH]]
        rows.append(engine.forward(np.stack(batch)).cls)
    tokens = np.concatenate(rows)
    np.save(kept, tokens)
    return tokens


def histograms(samples: list[Sample]) -> np.ndarray:
    """Return the baseline, float64 (samples, 512): root of the 8 × 8 × 8 RGB histogram, so that a dot
    product is the Bhattacharyya coefficient."""
    rows = []
    for item in samples:
        bins = (decode_rgb(item.data, at_least=128) // 32).reshape(-1, 3).astype(np.int64)
        counts = np.bincount(bins @ np.array([64, 8, 1]), minlength=512)
        rows.append(np.sqrt(counts / counts.sum()))
    return np.stack(rows)
