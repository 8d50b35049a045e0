"""Which engine runs a model: decided from the settings and the machine, and said in the log."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import sys
from pathlib import Path

from dino_common.errors import ModelNotLoaded
from dino_inference.core.card import ModelCard
from dino_inference.core.engines.protocol import Engine

log = logging.getLogger(__name__)

# Of the driver on Linux, and of the Linux inside Windows.
_NVIDIA_DEVICES = ("/dev/nvidiactl", "/dev/dxg")


def resolve_device(wanted: str) -> str:
    """Turn auto, cpu or cuda into cpu or cuda; raises ModelNotLoaded when cuda is named and absent."""
    if wanted == "cpu":
        return wanted
    present = cuda_is_present()
    if wanted == "cuda" and not present:
        raise ModelNotLoaded(
            "DINOV3_DEVICE is cuda, but PyTorch sees no CUDA device",
            details="Install a CUDA build of torch and give the process a device, or set DINOV3_DEVICE=auto.",
        )
    return "cuda" if present else "cpu"


def make_engine(
    directory: Path,
    card: ModelCard,
    *,
    device: str = "auto",
    precision: str = "auto",
    batch_size: int = 32,
    threads: int = 0,
    engine: str = "auto",
    graphs: Path | None = None,
) -> Engine:
    """Load a model directory into the engine for this machine.

    ``device`` is auto, cpu or cuda; ``precision`` auto, fp32, bf16 or fp16 (auto: fp32 on a CPU, bf16 on a
    GPU that has it, else fp16); ``engine`` auto, openvino or torch; converted graphs are kept in
    ``graphs``. Raises ModelNotLoaded for a combination that cannot run.
    """
    if resolve_device(device) == "cuda":
        return _cuda(directory, card, precision, batch_size)
    precision = "fp32" if precision == "auto" else precision
    if engine == "torch":
        return _torch_cpu(directory, card, precision)
    if engine == "auto" and not _has_openvino():
        log.warning("openvino is not installed; PyTorch runs the model, about a third slower")
        return _torch_cpu(directory, card, precision)
    return _openvino(directory, card, precision, threads, graphs)


def _cuda(directory: Path, card: ModelCard, precision: str, batch_size: int) -> Engine:
    import torch

    from dino_inference.core.encoder import load_encoder
    from dino_inference.core.engines.torch_cuda import DTYPES, TorchCudaEngine

    if precision == "auto":
        precision = "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    encoder = load_encoder(directory, card, dtype=DTYPES[precision])
    return TorchCudaEngine(encoder, card.image.input_size, precision, batch_size)


def _torch_cpu(directory: Path, card: ModelCard, precision: str) -> Engine:
    from dino_inference.core.encoder import load_encoder
    from dino_inference.core.engines.torch_cpu import TorchCpuEngine

    if precision != "fp32":
        raise ModelNotLoaded(f"the PyTorch engine runs fp32 on a CPU, not {precision}")
    return TorchCpuEngine(load_encoder(directory, card))


def _openvino(directory: Path, card: ModelCard, precision: str, threads: int, graphs: Path | None) -> Engine:
    from dino_inference.core.engines.openvino_cpu import PRECISIONS, OpenVinoEngine
    from dino_inference.core.engines.openvino_graph import convert, kept_graph

    if precision not in PRECISIONS:
        raise ModelNotLoaded(f"a CPU runs {' or '.join(PRECISIONS)}, not {precision}")
    graph = convert(directory, card) if graphs is None else kept_graph(directory, card, graphs)
    return OpenVinoEngine(graph, precision, threads)


def _has_openvino() -> bool:
    return importlib.util.find_spec("openvino") is not None


def cuda_is_present() -> bool:
    """Ask PyTorch for a CUDA device, but only where there can be one: importing PyTorch takes seconds."""
    if importlib.metadata.version("torch").endswith("+cpu"):
        return False
    if sys.platform == "linux" and not any(Path(device).exists() for device in _NVIDIA_DEVICES):
        return False
    import torch

    return torch.cuda.is_available()
