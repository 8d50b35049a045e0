"""Vectors for a library of any size, structured as real ones: groups of many sizes around real features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from benchmarks.labelled import dataset
from benchmarks.labelled.calibrate import CACHE
from benchmarks.labelled.dataset import Sample
from benchmarks.labelled.vectors import class_tokens

from dino_inference.card_store import find_card
from dino_inference.core.card import ModelCard
from dino_inference.core.features import finish
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

COPIES = 0.02
"""Part of the vectors that are near copies of another one."""


def real(split: str | None = "held-out") -> tuple[ModelCard, list[Sample], np.ndarray]:
    """Return the built-in model's card, the labelled pictures of a half, and their vectors, centred, of length 1."""
    directory = locate("", default_cache_dir())
    card = find_card(directory, default_cache_dir())
    samples = dataset.load(CACHE)
    tokens = class_tokens(samples, directory, card, CACHE)
    chosen = [n for n, item in enumerate(samples) if split is None or item.split == split]
    return card, [samples[n] for n in chosen], finish(tokens[chosen], card.centring, card.whitening).astype(np.float32)


def library(centres: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Return float32 (count, d): groups of 1 to some hundred vectors around the centres moved at random, so that
    members of a group have cosines of about 0.6 to 0.9, and some near copies."""
    random = np.random.default_rng(seed)
    width = centres.shape[1]
    sizes: list[int] = []
    while sum(sizes) < count:
        sizes.append(int(min(400, random.pareto(1.1) * 4 + 1)))
    group = np.repeat(np.arange(len(sizes)), sizes)[:count]
    middle = centres[random.integers(0, len(centres), len(sizes))] + 0.6 * _noise(random, len(sizes), width)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    spread = random.uniform(0.3, 0.8, len(sizes))
    rows = middle[group] + spread[group, None] * _noise(random, count, width)
    copied = random.choice(count, int(COPIES * count), replace=False)
    rows[copied] = rows[np.maximum(copied - 1, 0)] + 0.05 * _noise(random, len(copied), width)
    rows = rows[random.permutation(count)]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _noise(random: np.random.Generator, count: int, width: int) -> np.ndarray:
    return random.normal(size=(count, width)).astype(np.float32) / np.sqrt(width)


def kept_centres(path: Path) -> np.ndarray:
    """Return the vectors that ``keep_centres`` wrote, so that a measured process loads no model."""
    return np.load(path)


def keep_centres(path: Path) -> None:
    """Write the real vectors."""
    np.save(path, real(None)[2])
