"""A measure of a film with its course over the frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Measure:
    """`score` 0–1, higher is better; `frames` (m,) int64 frame numbers and `values` (m,) float64, 0–1, whose mean
    is the score."""

    score: float
    frames: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, frames: list[int] | NDArray[np.int64], values: list[float] | NDArray[np.float64]) -> Measure:
        """The mean of the values and where they come from. Raises ValueError without values."""
        numbers, course = np.asarray(frames, dtype=np.int64), np.asarray(values, dtype=np.float64)
        if len(course) == 0:
            raise ValueError("a film of one frame has no course to measure")
        return cls(float(np.clip(course.mean(), 0.0, 1.0)), numbers, course)
