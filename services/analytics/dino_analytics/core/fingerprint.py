"""What the pictures of a character have in common, and which of them is least typical."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Mean direction of feature vectors.

    Attributes:
        vector: float32 (dimension,), L2-normalised.
        cosines: float32 (n,) of each picture with it.
    """

    vector: NDArray[np.float32]
    cosines: NDArray[np.float32]

    @property
    def least_typical(self) -> int:
        """Number of the picture that is farthest from it."""
        return int(self.cosines.argmin())


def fingerprint(vectors: NDArray[np.float32]) -> Fingerprint:
    """Return the fingerprint of float32 (n, dimension), rows of length 1; ValueError without any row."""
    if not len(vectors):
        raise ValueError("a fingerprint needs a picture")
    mean = vectors.mean(axis=0)
    norm = float(np.linalg.norm(mean))
    # Opposite vectors cancel out: the first picture, the master reference, stands for all then.
    vector = (mean / norm if norm > 1e-6 else vectors[0]).astype(np.float32)
    return Fingerprint(vector, np.asarray(vectors @ vector, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Vote:
    """The word that most pictures agree on; ``confidence`` 0–1 is its share of all confidence."""

    word: str
    confidence: float


def majority(labels: Sequence[tuple[str, float]], unknown: str = "unknown") -> Vote:
    """Return the word with the most confidence behind it, over (word, confidence 0–1) of each picture.

    Pictures that tell nothing lower the confidence and never win unless all are silent.
    """
    weight: dict[str, float] = defaultdict(float)
    for word, confidence in labels:
        if word != unknown:
            weight[word] += confidence
    if not weight or not labels:
        return Vote(unknown, 0.0)
    word = max(sorted(weight), key=lambda name: weight[name])
    return Vote(word, min(1.0, weight[word] / len(labels)))
