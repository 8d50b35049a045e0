"""From a `transformers` directory to an OpenVINO graph, kept on disk: converting takes ten times as long as reading."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import openvino

from dino_inference.core.card import ModelCard

if TYPE_CHECKING:
    from dino_inference.core.encoder import Encoder

log = logging.getLogger(__name__)


def kept_graph(directory: Path, card: ModelCard, graphs: Path) -> Path:
    """Return the file of the model's graph in the folder ``graphs``, converting it when it is not there.

    The folder's name holds a hash over all that shapes the graph: weights, layer, norm, normalisation, and
    the versions of the libraries that convert. A graph appears whole or not at all.
    """
    folder = graphs / f"{card.name}-{_key(card)}"
    file = folder / "encoder.xml"
    if file.is_file():
        return file
    graphs.mkdir(parents=True, exist_ok=True)
    graph = convert(directory, card)
    with tempfile.TemporaryDirectory(dir=graphs, prefix=".new-") as temporary:
        staged = Path(temporary) / "graph"
        openvino.save_model(graph, staged / file.name, compress_to_fp16=False)
        try:
            staged.rename(folder)
        except OSError:
            if not file.is_file():
                raise
            log.debug("another process kept the graph of %s first", card.name)
    return file


def convert(directory: Path, card: ModelCard) -> openvino.Model:
    """Load a model directory and convert its encoder, float32, with a free batch dimension."""
    from dino_inference.core.encoder import load_encoder

    return _traced(load_encoder(directory, card), card.image.input_size)


def _key(card: ModelCard) -> str:
    shapes = card.model_copy(update={"centring": None, "whitening": None}).version
    libraries = [f"{name} {version(name)}" for name in ("openvino", "torch", "transformers")]
    return hashlib.sha256("\n".join([shapes, *libraries]).encode()).hexdigest()[:12]


def _traced(encoder: Encoder, input_size: tuple[int, int]) -> openvino.Model:
    import torch
    from transformers.utils import logging as transformers_logging

    height, width = input_size
    # Two pictures: with one, tracing would fold the batch dimension into constants.
    example = torch.zeros((2, height, width, 3), dtype=torch.uint8)
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            # Tracing warns of each branch on a shape; the shapes are fixed here.
            warnings.simplefilter("ignore")
            return openvino.convert_model(
                encoder, example_input=example, input=[openvino.PartialShape([-1, height, width, 3])]
            )
    finally:
        transformers_logging.set_verbosity(verbosity)
