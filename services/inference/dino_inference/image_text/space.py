"""What every image-text model does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Labels = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture in the space.

    Attributes:
        vector: float32 (dimension,), of length 1.
        labels: classes it was placed by with their probabilities, the likeliest first; none where there are none.
    """

    vector: np.ndarray
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Calibration:
    """How cosines of the space are read: ``midpoint`` is one that unrelated pairs hardly reach, ``width`` the cosine
    by which the odds then grow e-fold."""

    midpoint: float
    width: float


class ImageTextModel(Protocol):
    """Pictures and texts as vectors whose cosines can be compared. Both methods block and may be called in threads."""

    version: str
    dimension: int
    calibration: Calibration

    def place(self, pictures: Sequence[np.ndarray]) -> list[Placed]:
        """Return where pictures, uint8 (height, width, 3) of any size, lie."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 (n, dimension), rows of length 1."""
        ...
