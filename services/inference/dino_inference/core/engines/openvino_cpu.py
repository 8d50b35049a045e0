"""OpenVINO on the CPU: the fastest engine there that keeps to the reference (docs/decisions/0002-cpu-
engine.md)."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import openvino
import torch
from transformers.utils import logging as transformers_logging

from dino_inference.core.encoder import Encoder
from dino_inference.core.engines.protocol import Tokens

# Of OpenVINO's INFERENCE_PRECISION_HINT. Left alone, OpenVINO takes bf16 where the CPU has it.
PRECISIONS = {"fp32": "f32", "bf16": "bf16"}


class OpenVinoEngine:
    """The encoder as one OpenVINO graph with a free batch dimension and a fixed picture size."""

    name = "openvino"
    device = "cpu"
    # One picture already fills the cores; a batch saves only the cost of a call.
    useful_batch = 8
    worth_waiting = False

    def __init__(self, encoder: Encoder, input_size: tuple[int, int], precision: str, threads: int) -> None:
        """Convert and compile a float32 encoder; ``precision`` fp32 or bf16, ``threads`` 0 for all cores."""
        self.precision = precision
        options: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
        }
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        graph = _convert(encoder, input_size)
        compiled = openvino.Core().compile_model(graph, "CPU", options)
        self._request = compiled.create_infer_request()

    def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
        """See ``Engine.forward``."""
        self._request.infer({0: np.ascontiguousarray(pixels)}, share_inputs=True)
        cls = np.array(self._request.get_output_tensor(0).data, dtype=np.float32)
        # The output buffers belong to the request and change with the next call: both are copied.
        rest = self._request.get_output_tensor(1).data.astype(np.float16) if patches else None
        return Tokens(cls, rest)


def _convert(encoder: Encoder, input_size: tuple[int, int]) -> openvino.Model:
    height, width = input_size
    # Two pictures: with one, tracing would fold the batch dimension into constants.
    example = torch.zeros((2, height, width, 3), dtype=torch.uint8)
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            # Tracing warns of each branch on a shape; the shapes are fixed here.
            warnings.simplefilter("ignore")
            logging.getLogger("openvino").setLevel(logging.ERROR)
            return openvino.convert_model(
                encoder, example_input=example, input=[openvino.PartialShape([-1, height, width, 3])]
            )
    finally:
        transformers_logging.set_verbosity(verbosity)
