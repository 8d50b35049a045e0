"""What every engine offers: the forward pass of one encoder on one device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class Tokens:
    """Raw output of a forward pass, before centring and the L2 norm.

    ``cls`` is float32 (n, dimension); ``patches`` is float16 (n, patches, dimension), or None when not
    asked for.
    """

    cls: np.ndarray
    patches: np.ndarray | None


def join(parts: list[Tokens]) -> Tokens:
    """Put the rows of several outputs under each other."""
    patches = [part.patches for part in parts if part.patches is not None]
    return Tokens(
        np.concatenate([part.cls for part in parts]),
        np.concatenate(patches) if len(patches) == len(parts) else None,
    )


class Engine(Protocol):
    """Runs the forward pass. One thread at a time may call ``forward``."""

    name: str
    device: str
    precision: str
    # The batch from which on pictures a second no longer grow: a larger one only makes the first in it wait.
    useful_batch: int
    # Whether an idle engine should wait a moment for a fuller batch. Not where one picture fills the device.
    worth_waiting: bool

    def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
        """Run uint8 (n, height, width, 3) pixels, n ≥ 1; normalisation happens inside.

        Raises GpuMemoryError when the accelerator's memory does not hold even half of the batch.
        """
        ...
