"""Where a model's card comes from: shipped with this package, beside the weights, or derived once and
kept."""

from __future__ import annotations

import json
import logging
import re
from importlib import resources
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from dino_common.errors import ModelNotLoaded
from dino_inference.checksums import weights_sha256
from dino_inference.core.card import Golden, ImageSpec, ModelCard
from dino_inference.core.features import finish
from dino_inference.core.golden import golden_pixels

log = logging.getLogger(__name__)

CARD_FILE = "model_card.json"
_CONVNEXT_STRIDE = 32


def shipped_cards() -> list[ModelCard]:
    """Read the cards that come with this package."""
    folder = resources.files("dino_inference") / "cards"
    return [
        ModelCard.model_validate_json(item.read_text())
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".json")
    ]


def find_card(directory: Path, cache_dir: Path, name: str | None = None) -> ModelCard:
    """Return the card of a model directory.

    In this order: ``model_card.json`` beside the weights, a shipped card for the same weights, a card kept
    in the cache, a newly derived card (kept from then on). Raises ModelNotLoaded for an unreadable card, a
    card for other weights, or a directory that is not a supported model.
    """
    weights = _weights(directory)
    beside = directory / CARD_FILE
    if beside.is_file():
        return _checked(beside, weights)
    for card in shipped_cards():
        if card.weights_sha256 == weights:
            return card
    name = slug(name or directory.resolve().name)
    kept = kept_path(cache_dir, name, weights)
    if kept.is_file():
        return _checked(kept, weights)
    card = derive_card(directory, name, weights)
    card.save(kept)
    log.info("no card for %s; derived one (no centring, no calibrated thresholds): %s", name, kept)
    return card


def derive_card(directory: Path, name: str, weights: str) -> ModelCard:
    """Derive a card from a model directory: last layer, final norm, no centring, the processor's own
    picture size.

    The golden vector is recorded by a plain eager float32 run on the CPU. Thresholds stay absent: they need
    labelled pictures (``python -m benchmarks.labelled.calibrate``).
    """
    # Imported here: a start with a known card and a converted graph does without PyTorch (seconds, and its
    # memory).
    from transformers import AutoConfig

    from dino_inference.core.encoder import ARCHITECTURES, layer_count

    try:
        config = AutoConfig.from_pretrained(directory)
    except (OSError, ValueError) as error:
        raise ModelNotLoaded(f"{directory} is not a transformers model directory: {error}") from error
    if config.model_type not in ARCHITECTURES:
        raise ModelNotLoaded(f"{directory} holds a {config.model_type}; supported are {', '.join(ARCHITECTURES)}")
    card = ModelCard(
        name=name,
        source=f"user's directory {directory.resolve().name}",
        licence="as the publisher of the weights says",
        architecture=config.model_type,
        weights_sha256=weights,
        dimension=config.hidden_sizes[-1] if config.model_type == "dinov3_convnext" else config.hidden_size,
        patch_size=_CONVNEXT_STRIDE if config.model_type == "dinov3_convnext" else config.patch_size,
        register_tokens=getattr(config, "num_register_tokens", 0) or 0,
        layers=layer_count(config),
        image=read_image_spec(directory),
    )
    return with_golden(card, directory)


def with_golden(card: ModelCard, directory: Path) -> ModelCard:
    """Return the card with the golden vector of a plain eager float32 run on the CPU."""
    import torch

    from dino_inference.core.encoder import load_encoder

    encoder = load_encoder(directory, card, attention="eager")
    with torch.inference_mode():
        cls, _ = encoder(torch.from_numpy(golden_pixels(card.image)[None]))
    vector = finish(cls.numpy(), card.centring, card.whitening)[0]
    if not np.isfinite(vector).all():
        raise ModelNotLoaded(f"the weights of {card.name} give no finite feature")
    return card.model_copy(update={"golden": Golden(vector=vector)})


def read_image_spec(directory: Path) -> ImageSpec:
    """Read ``preprocessor_config.json``; raises ModelNotLoaded when it is absent or unusual."""
    path = directory / "preprocessor_config.json"
    try:
        config = json.loads(path.read_text())
        size = config.get("size") if config.get("do_resize", True) else None
        crop = config.get("crop_size") if config.get("do_center_crop") else None
        size = {"height": size, "width": size} if isinstance(size, int) else size or {}
        crop = {"height": crop, "width": crop} if isinstance(crop, int) else crop or {}
        spec = ImageSpec(
            shortest_edge=size.get("shortest_edge"),
            height=size.get("height"),
            width=size.get("width"),
            crop_height=crop.get("height"),
            crop_width=crop.get("width"),
            resample=config.get("resample", 2),
            rescale_factor=config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0,
            mean=config["image_mean"] if config.get("do_normalize", True) else (0.0, 0.0, 0.0),
            std=config["image_std"] if config.get("do_normalize", True) else (1.0, 1.0, 1.0),
        )
        _ = spec.input_size
    except FileNotFoundError as error:
        raise ModelNotLoaded(f"{directory} has no preprocessor_config.json: size, mean and std are unknown") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelNotLoaded(f"{path} is not usable: {error}") from error
    return spec


def kept_path(cache_dir: Path, name: str, weights: str) -> Path:
    """Name the file in the cache that keeps a derived or calibrated card."""
    return cache_dir / "cards" / f"{name}-{weights[:12]}.json"


def slug(name: str) -> str:
    """Turn a directory or repository name into a card name: lower case, digits, dots, dashes."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.rpartition("/")[2].lower()).strip("-._") or "model"


def _weights(directory: Path) -> str:
    try:
        return weights_sha256(directory)
    except FileNotFoundError as error:
        raise ModelNotLoaded(str(error)) from error


def _checked(path: Path, weights: str) -> ModelCard:
    try:
        card = ModelCard.read(path)
    except ValidationError as error:
        raise ModelNotLoaded(f"{path} is not a model card: {error}") from error
    if card.weights_sha256 != weights:
        raise ModelNotLoaded(
            f"{path} belongs to weights {card.weights_sha256[:12]}, the directory holds {weights[:12]}",
            details="Delete the card, or calibrate again: python -m benchmarks.labelled.calibrate MODEL.",
        )
    return card
