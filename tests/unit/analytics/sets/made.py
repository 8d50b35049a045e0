"""Made vectors with planted groups, and made pictures."""

from __future__ import annotations

import numpy as np


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def planted(sizes: list[int], *, noise: float = 0.5, loose: int = 0, width: int = 64, seed: int = 0):
    """Groups around random centres, and loose rows of none: rows float32 (n, width), truth int (n,), −1 for loose."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(len(sizes), width))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    grouped = centres[truth] + noise * random.normal(size=(len(truth), width))
    rows = np.concatenate([grouped, random.normal(size=(loose, width))])
    return unit(rows), np.concatenate([truth, np.full(loose, -1)])


def scene(seed: int, height: int = 240, width: int = 320) -> np.ndarray:
    """A picture of coloured discs on a gradient: uint8 (height, width, 3)."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[0:height, 0:width].astype(np.float64)
    first, second = random.uniform(40, 220, (2, 3))
    share = (row / height + column / width)[:, :, None] / 2
    picture = (1 - share) * first + share * second
    for _ in range(14):
        y, x, radius = random.uniform(0, height), random.uniform(0, width), random.uniform(10, 55)
        picture[(row - y) ** 2 + (column - x) ** 2 < radius**2] = random.uniform(0, 255, 3)
    return picture.astype(np.uint8)
