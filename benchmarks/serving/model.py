"""The model that every contestant runs: the weights, preprocessing and engine of our inference service."""

from __future__ import annotations

import os
from pathlib import Path

from dino_inference.card_store import find_card
from dino_inference.core.engines.choose import make_engine
from dino_inference.locate import locate
from dino_inference.visual_model import VisualModel

CHECKOUT = Path(__file__).resolve().parents[2]
MODELS = Path(os.environ.get("DINO_CACHE_DIR") or CHECKOUT / "var" / "models")


def load_model(threads: int = 0, engine: str = "auto") -> VisualModel:
    """Load the built-in model.

    Args:
        threads: of the OpenVINO engine; 0 for all cores.
        engine: auto (what the service takes), or torch.
    """
    directory = locate("", MODELS)
    card = find_card(directory, MODELS, None)
    return VisualModel(card, make_engine(directory, card, device="cpu", threads=threads, engine=engine))
