"""Patch features of pictures by the built-in model, as analytics gets them from inference."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from benchmarks.serving.model import load_model

from dino_inference.handlers.pixels import stretched
from dino_inference.visual_model import VisualModel

_SENT = 256
_BATCH = 8


class Patches:
    """The model, loaded once."""

    def __init__(self) -> None:
        self.model: VisualModel = load_model()

    def of(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return float32 (n, rows, columns, dimension), each patch of length 1; the grid covers the whole picture."""
        rows, columns = self.model.patch_grid
        found = []
        for start in range(0, len(pictures), _BATCH):
            sent = [
                cv2.resize(np.ascontiguousarray(p), (_SENT, _SENT), interpolation=_how(p))
                for p in pictures[start : start + _BATCH]
            ]
            pixels = np.stack(stretched(np.stack(sent), self.model.input_size))
            tokens = self.model.embed(pixels, patches=True).patches
            assert tokens is not None
            found.append(np.asarray(tokens, np.float32).reshape(len(sent), rows, columns, -1))
        tokens = np.concatenate(found)
        return tokens / np.maximum(np.linalg.norm(tokens, axis=-1, keepdims=True), 1e-12)


def _how(picture: np.ndarray) -> int:
    return cv2.INTER_AREA if min(picture.shape[:2]) >= _SENT else cv2.INTER_CUBIC
