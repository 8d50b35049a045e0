"""Which engine runs the built-in model fastest on this CPU and keeps its features.

Run it as ``python -m benchmarks.cpu_engines``.

Every engine gets the same encoder (truncated as the card says) and the same pictures. Rounds alternate between the
engines, so that a busy moment of a shared machine does not fall on one of them; the best round of each counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import openvino
import torch
from benchmarks.labelled.photographs import originals

from dino_inference.card_store import find_card
from dino_inference.core.card import ModelCard
from dino_inference.core.encoder import load_encoder
from dino_inference.core.engines.openvino_cpu import OpenVinoEngine
from dino_inference.core.engines.openvino_graph import convert
from dino_inference.core.engines.protocol import Tokens
from dino_inference.core.engines.torch_cpu import TorchCpuEngine
from dino_inference.core.features import finish
from dino_inference.core.preprocess import fit
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

RESULTS = Path("benchmarks/results/cpu_engines.json")
Run = Callable[[np.ndarray], np.ndarray]


def onnx_runtime(directory: Path, card: ModelCard, threads: int) -> Run:
    """Export the encoder to ONNX and run it in ONNX Runtime, float32."""
    import io

    import onnxruntime

    encoder = load_encoder(directory, card, attention="eager")
    height, width = card.image.input_size
    buffer = io.BytesIO()
    torch.onnx.export(
        encoder,
        (torch.zeros((2, height, width, 3), dtype=torch.uint8),),
        buffer,
        dynamo=False,
        input_names=["pixels"],
        output_names=["cls", "patches"],
        dynamic_axes={"pixels": {0: "n"}, "cls": {0: "n"}, "patches": {0: "n"}},
        opset_version=17,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(["cls"], {"pixels": pixels})[0]


def candidates(directory: Path, card: ModelCard, threads: int) -> dict[str, Run]:
    """Build every engine that is compared."""

    def of(engine: TorchCpuEngine | OpenVinoEngine) -> Run:
        def run(pixels: np.ndarray) -> np.ndarray:
            tokens: Tokens = engine.forward(pixels)
            return tokens.cls

        return run

    graph = convert(directory, card)
    eager = load_encoder(directory, card, attention="eager")
    fused = load_encoder(directory, card)
    half = TorchCpuEngine(load_encoder(directory, card, dtype=torch.bfloat16))
    compiled = TorchCpuEngine(torch.compile(load_encoder(directory, card), dynamic=False))  # type: ignore[arg-type]
    return {
        "torch eager fp32 (reference)": of(TorchCpuEngine(eager)),
        "torch sdpa fp32": of(TorchCpuEngine(fused)),
        "torch.compile fp32": of(compiled),
        "torch sdpa bf16": of(half),
        "onnxruntime fp32": onnx_runtime(directory, card, threads),
        "openvino fp32": of(OpenVinoEngine(graph, "fp32", threads)),
        "openvino bf16": of(OpenVinoEngine(graph, "bf16", threads)),
    }


def openvino_streams(directory: Path, card: ModelCard, threads: int, pixels: np.ndarray) -> dict[str, float]:
    """Milliseconds a picture when several streams run batches side by side; OpenVINO fp32."""
    graph = convert(directory, card)
    found: dict[str, float] = {}
    for streams in (1, 2):
        options = {"NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        queue = openvino.AsyncInferQueue(openvino.Core().compile_model(graph, "CPU", options), streams)
        for batch in (1, 4, 8):
            best = float("inf")
            for _ in range(4):
                began = time.perf_counter()
                for _ in range(16 // batch):
                    queue.start_async({0: pixels[:batch]})
                queue.wait_all()
                best = min(best, (time.perf_counter() - began) / 16)
            found[f"streams {streams}, batch {batch}"] = round(best * 1000, 1)
    return found


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cpu_engines", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir())
    options = parser.parse_args()
    cache = options.cache_dir.expanduser()
    directory = locate("", cache)
    card = find_card(directory, cache)
    threads = os.cpu_count() or 1
    torch.set_num_threads(threads)
    pictures = [fit(np.asarray(picture), card.image) for picture in originals().values()][:16]
    pixels = np.stack(pictures)
    engines = candidates(directory, card, threads)
    reference = finish(next(iter(engines.values()))(pixels), card.centring, card.whitening)
    best: dict[str, dict[int, float]] = {name: {} for name in engines}
    cosines = {
        name: float((finish(run(pixels), card.centring, card.whitening) * reference).sum(axis=1).min())
        for name, run in engines.items()
    }
    for batch in (1, 8, 16):
        for run in engines.values():
            run(pixels[:batch])
        for _ in range(options.rounds):
            for name, run in engines.items():
                began = time.perf_counter()
                for start in range(0, 16, batch):
                    run(pixels[start : start + batch])
                seconds = (time.perf_counter() - began) / 16
                best[name][batch] = min(best[name].get(batch, float("inf")), seconds)
    rows = {
        name: {
            "lowest_cosine_to_reference": round(cosines[name], 6),
            "milliseconds_a_picture": {f"batch {n}": round(1000 * s, 1) for n, s in best[name].items()},
        }
        for name in engines
    }
    found = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.cpu_engines",
        "model_version": card.version,
        "machine": f"{platform.machine()}, {threads} cores, shared",
        "cpu_has_avx512_bf16": "avx512_bf16" in Path("/proc/cpuinfo").read_text(),
        "versions": {"torch": torch.__version__, "openvino": openvino.__version__.partition("-")[0]},
        "pictures": f"{len(pixels)} photographs, features centred as served; best of {options.rounds} rounds",
        "engines": rows,
        "openvino_fp32_streams_milliseconds_a_picture": openvino_streams(directory, card, threads, pixels),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
