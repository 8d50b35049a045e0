"""OpenVINO on the CPU: the fastest engine there that keeps to the reference (docs/decisions/0002-cpu-engine.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino

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

    def __init__(self, graph: Path | openvino.Model, precision: str = "fp32", threads: int = 0) -> None:
        """Compile a converted encoder; ``precision`` is fp32 or bf16, ``threads`` 0 means all cores."""
        self.precision = precision
        options: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
        }
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        self._request = openvino.Core().compile_model(graph, "CPU", options).create_infer_request()

    def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
        """See ``Engine.forward``."""
        self._request.infer({0: np.ascontiguousarray(pixels)}, share_inputs=True)
        # The output buffers belong to the request and change with the next call: both are copied.
        cls = np.array(self._request.get_output_tensor(0).data, dtype=np.float32)
        rest = self._request.get_output_tensor(1).data.astype(np.float16) if patches else None
        return Tokens(cls, rest)
