"""Patch grids with known answers: each thing has a direction of its own, with some noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIMENSION = 64


def grid(labels: NDArray[np.int_], *, noise: float = 0.25, seed: int = 1, places: float = 0.0) -> NDArray[np.float32]:
    """Patches (rows, columns, DIMENSION) of length 1 that look as their labels say.

    Args:
        labels: (rows, columns); patches of one label are alike.
        noise: standard deviation of what each patch has of its own.
        seed: of the noise alone.
        places: how much each place of a label differs from the others in a fixed way, so that it can be found again.
    """
    things = np.random.default_rng(99).normal(size=(int(labels.max()) + 1, DIMENSION))
    things /= np.linalg.norm(things, axis=1, keepdims=True)
    own = np.random.default_rng(7).normal(size=(*labels.shape, DIMENSION)) / np.sqrt(DIMENSION)
    chance = np.random.default_rng(seed).normal(size=(*labels.shape, DIMENSION)) / np.sqrt(DIMENSION)
    return unit(things[labels] + places * own + noise * chance)


def unit(patches: NDArray[np.float64]) -> NDArray[np.float32]:
    return (patches / np.linalg.norm(patches, axis=-1, keepdims=True)).astype(np.float32)


def boxed(*boxes: tuple[int, int, int, int], side: int = 16) -> NDArray[np.int_]:
    """Labels of a ground (0) and of boxes top, left, bottom, right (1, 2, …)."""
    labels = np.zeros((side, side), dtype=int)
    for number, (top, left, bottom, right) in enumerate(boxes, start=1):
        labels[top:bottom, left:right] = number
    return labels
