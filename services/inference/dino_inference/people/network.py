"""Detector networks in TensorFlow Lite form, run on the CPU by OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_STREAMS = 2


class Network:
    """One compiled network that takes one square picture; may be called from several threads.

    Attributes:
        side: of its input, pixels.
    """

    def __init__(self, core: Any, file: Path) -> None:
        """Compile it.

        Args:
            core: an openvino.Core, shared by several networks.
            file: `.tflite`; its input is float32 (1, side, side, 3).
        """
        model = core.read_model(file)
        self.side = int(model.input(0).shape[1])
        # The names of the outputs differ between the frontend's versions; their shapes do not.
        self._shapes = [tuple(output.shape)[1:] for output in model.outputs]
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        self._compiled = core.compile_model(model, "CPU", settings)

    def __call__(self, pictures: Sequence[NDArray[np.uint8]], low: float) -> list[dict[tuple[int, ...], Floats]]:
        """Run each picture, uint8 (side, side, 3), with its values scaled to ``low``–1.

        Returns:
            For each picture its outputs by shape, without the batch's dimension; of several outputs of one shape the
            first.
        """
        request = self._compiled.create_infer_request()
        answers = []
        for picture in pictures:
            values = picture.astype(np.float32)
            values *= (1.0 - low) / 255.0
            values += low
            outputs = request.infer(values[None])
            found: dict[tuple[int, ...], Floats] = {}
            for shape, values in zip(self._shapes, outputs.to_tuple(), strict=True):
                found.setdefault(shape, np.array(values[0]))
            answers.append(found)
        return answers


def shared_core() -> Any:
    """An openvino.Core without device discovery's surprises: networks run on the CPU."""
    return openvino.Core()
