"""OpenVINO on the CPU: the fastest engine there that keeps to the reference (docs/decisions/0002-cpu-engine.md)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import openvino

from dino_inference.core.engines.protocol import Tokens, join

# Of OpenVINO's INFERENCE_PRECISION_HINT. Left alone, OpenVINO takes bf16 where the CPU has it.
PRECISIONS = {"fp32": "f32", "bf16": "bf16"}


class OpenVinoEngine:
    """The encoder as one OpenVINO graph with a free batch dimension and a fixed picture size.

    Compiled twice: one request on all cores answers a lone picture soonest; for batches, streams of few threads
    each take pictures of their own, which spares the cores from waiting for each other within every layer. On
    two cores that is 8 % less processor time a picture, and more when other programs take part of a core.
    """

    name = "openvino"
    device = "cpu"
    useful_batch = 8
    worth_waiting = False

    def __init__(self, graph: Path | openvino.Model, precision: str = "fp32", threads: int = 0) -> None:
        """Compile a converted encoder; ``precision`` is fp32 or bf16, ``threads`` 0 means all cores."""
        self.precision = precision
        threads = threads or _cores()
        self._streams = min(threads, self.useful_batch)
        core = openvino.Core()
        options: dict[str, object] = {
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
            "INFERENCE_NUM_THREADS": threads,
            # Left alone, OpenVINO pins its threads to the first cores, where those of every other process on the
            # machine are pinned too, and decoding cannot push them elsewhere.
            "ENABLE_CPU_PINNING": False,
        }
        alone = {**options, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
        self._alone = core.compile_model(graph, "CPU", alone).create_infer_request()
        self._side_by_side: openvino.AsyncInferQueue | None = None
        if self._streams > 1:
            compiled = core.compile_model(graph, "CPU", {**options, "NUM_STREAMS": self._streams})
            self._side_by_side = openvino.AsyncInferQueue(compiled, self._streams)
            self._side_by_side.set_callback(_collect)

    def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
        """See ``Engine.forward``."""
        pixels = np.ascontiguousarray(pixels)
        # What the streams cannot share evenly is faster on all cores than on one with the others idle.
        even = len(pixels) - len(pixels) % self._streams if self._side_by_side is not None else 0
        parts: list[Tokens | None] = [None] * even
        if self._side_by_side is not None:
            for row in range(even):
                self._side_by_side.start_async({0: pixels[row : row + 1]}, (parts, row, patches), share_inputs=True)
            self._side_by_side.wait_all()
        done = [part for part in parts if part is not None]
        if len(done) != even:
            raise RuntimeError(f"OpenVINO answered {len(done)} of {even} pictures")
        if even < len(pixels):
            self._alone.infer({0: pixels[even:]}, share_inputs=True)
            done.append(_copied(self._alone, patches))
        return done[0] if len(done) == 1 else join(done)


def _cores() -> int:
    """Count the cores that this process may use; systems without affinity (macOS) tell all they have."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _collect(request: openvino.InferRequest, place: tuple[list[Tokens | None], int, bool]) -> None:
    parts, row, patches = place
    parts[row] = _copied(request, patches)


def _copied(request: openvino.InferRequest, patches: bool) -> Tokens:
    """Return the outputs; their buffers belong to the request and change with its next run."""
    cls = np.array(request.get_output_tensor(0).data, dtype=np.float32)
    return Tokens(cls, request.get_output_tensor(1).data.astype(np.float16) if patches else None)
