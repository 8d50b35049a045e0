"""From class tokens to features: centring and the L2 norm."""

from __future__ import annotations

import numpy as np


def finish(class_tokens: np.ndarray, centring: np.ndarray | None) -> np.ndarray:
    """Subtract the card's mean vector, if any, and scale each row to length 1.

    ``class_tokens`` is float (n, dimension); returns float32 (n, dimension). A row of zeros stays zeros.
    """
    rows = np.asarray(class_tokens, dtype=np.float32)
    if centring is not None:
        rows = rows - centring
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32, copy=False)
