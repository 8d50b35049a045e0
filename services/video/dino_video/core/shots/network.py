"""A small temporal convolution network in NumPy: features of frames → scores of boundaries. No framework needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from dino_video.core.shots.signature import Floats

DILATIONS = (1, 2, 4, 8, 16)
MARGIN = sum(DILATIONS)
KINDS = ("dissolve", "fade", "wipe")
WEIGHTS = "weights.npz"


@dataclass(frozen=True)
class Scores:
    """For each frame, each 0–1.

    Attributes:
        cut: that a hard cut lies before it, float32 [n].
        gradual: that it is a mixture of two shots, float32 [n].
        kinds: which mixture, float32 [n, 3] in the order of KINDS; rows sum to 1.
    """

    cut: Floats
    gradual: Floats
    kinds: Floats


@dataclass(frozen=True)
class Network:
    """Weights, as ``benchmarks.video.train`` writes them.

    Input normalisation, a projection, one residual layer of kernel 3 for each of DILATIONS, and a head of five
    outputs (cut, gradual, three kinds).
    """

    mean: Floats
    scale: Floats
    entry: tuple[Floats, Floats]
    layers: tuple[tuple[Floats, Floats, Floats, Floats], ...]
    head: tuple[Floats, Floats]

    def scores(self, features: Floats) -> Scores:
        """Return scores of the inner n − 2·MARGIN frames of features [n, COUNT]."""
        x = np.clip((features - self.mean) * self.scale, -6, 6)
        x = np.maximum(x @ self.entry[0] + self.entry[1], 0)
        for dilation, (kernel, bias, mix, offset) in zip(DILATIONS, self.layers, strict=True):
            inner = x[dilation:-dilation]
            wide = np.concatenate([x[: -2 * dilation], inner, x[2 * dilation :]], axis=1)
            x = inner + np.maximum(wide @ kernel + bias, 0) @ mix + offset
        out = np.maximum(x, 0) @ self.head[0] + self.head[1]
        kinds = np.exp(out[:, 2:] - out[:, 2:].max(axis=1, keepdims=True))
        return Scores(_logistic(out[:, 0]), _logistic(out[:, 1]), kinds / kinds.sum(axis=1, keepdims=True))


def _logistic(x: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(x, -30, 30)))).astype(np.float32)


def from_arrays(arrays: dict[str, NDArray]) -> Network:
    """Build the network from named arrays (float16 on disk)."""
    wide = {name: array.astype(np.float32) for name, array in arrays.items()}
    layers = tuple(
        (wide[f"kernel{n}"], wide[f"bias{n}"], wide[f"mix{n}"], wide[f"offset{n}"]) for n in range(len(DILATIONS))
    )
    return Network(
        wide["mean"], wide["scale"], (wide["entry"], wide["entry_bias"]), layers, (wide["head"], wide["head_bias"])
    )


@lru_cache(maxsize=1)
def built_in() -> Network:
    """Load the weights that ship with this package."""
    data = (files("dino_video.core.shots") / WEIGHTS).read_bytes()
    with np.load(BytesIO(data)) as found:
        return from_arrays({name: found[name] for name in found.files})
