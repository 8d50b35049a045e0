"""Patch features of a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]
"""(rows, columns, d), any float type, not necessarily normalised."""
Labels = NDArray[np.float32]
"""(rows, columns) or (rows, columns, k), 0–1."""


def normalised(features: Features) -> NDArray[np.float32]:
    """The features as float32 of length 1 along the last axis; zeros stay zeros.

    Raises ValueError for another number of axes than three, or for values that are not finite.
    """
    if features.ndim != 3:
        raise ValueError(f"patch features are (rows, columns, d), got {features.shape}")
    values = features.astype(np.float32)
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    if not np.isfinite(length).all():
        raise ValueError("patch features must be finite")
    return np.asarray(values / np.maximum(length, 1e-12), dtype=np.float32)


def scene_mean(features: Features) -> NDArray[np.float32]:
    """Mean of a frame's normalised patch features, float32 (d,): what all of its patches share."""
    return normalised(features).mean(axis=(0, 1))


def centred(features: Features, mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalised features less a mean (d,), normalised again: cosines then tell the patches of one scene apart.

    Patches of a vision transformer have much in common, and raw cosines of different things reach 0.5 and more.
    """
    return normalised(normalised(features) - mean)
