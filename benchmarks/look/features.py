"""Patch features of pictures by the built-in model, as analytics gets them from inference."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np
from benchmarks.serving.model import CHECKOUT, load_model

from dino_inference.handlers.pixels import stretched
from dino_inference.visual_model import VisualModel

_SENT = 256
_BATCH = 8


class Patches:
    """The model, loaded once; features are kept in `var/bench/look` by pixels and model version."""

    def __init__(self) -> None:
        self.model: VisualModel = load_model()
        self._kept = CHECKOUT / "var" / "bench" / "look" / self.model.version.rpartition("@")[2]
        self._kept.mkdir(parents=True, exist_ok=True)

    def of(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return float32 (n, rows, columns, dimension), each patch of length 1; the grid covers the whole picture."""
        sent = [cv2.resize(np.ascontiguousarray(p), (_SENT, _SENT), interpolation=_how(p)) for p in pictures]
        paths = [self._kept / f"{hashlib.sha256(p.tobytes()).hexdigest()[:24]}.npy" for p in sent]
        missing = [index for index, path in enumerate(paths) if not path.is_file()]
        rows, columns = self.model.patch_grid
        for start in range(0, len(missing), _BATCH):
            chunk = missing[start : start + _BATCH]
            pixels = np.stack(stretched(np.stack([sent[index] for index in chunk]), self.model.input_size))
            tokens = self.model.embed(pixels, patches=True).patches
            assert tokens is not None
            for index, one in zip(chunk, tokens, strict=True):
                np.save(paths[index], np.asarray(one, np.float16).reshape(rows, columns, -1))
        tokens = np.stack([np.load(path).astype(np.float32) for path in paths])
        return tokens / np.maximum(np.linalg.norm(tokens, axis=-1, keepdims=True), 1e-12)


def _how(picture: np.ndarray) -> int:
    return cv2.INTER_AREA if min(picture.shape[:2]) >= _SENT else cv2.INTER_CUBIC
