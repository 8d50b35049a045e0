"""Kinds of vectors that are compared: the model as it is served, without centring, and two that cost far less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from benchmarks.labelled.calibrate import learnt
from benchmarks.labelled.dataset import Sample
from benchmarks.labelled.vectors import class_tokens, histograms

from dino_common.imaging import decode_rgb
from dino_inference.core.card import ModelCard
from dino_inference.core.features import finish

_BATCH = 32


def all_of(samples: list[Sample], directory: Path, card: ModelCard, cache: Path, models: Path) -> dict[str, np.ndarray]:
    """Return the vectors of every contestant by name, rows of length 1.

    Beside what the card serves stand the raw vectors, and vectors with statistics of this very set: centred and
    whitened by the calibration half, as ``benchmarks.labelled.calibrate`` would; for the light network, too.
    """
    tokens = class_tokens(samples, directory, card, cache)
    light = light_features(samples, models, cache)
    half = np.array([item.split == "calibration" for item in samples])
    chosen = [item for item in samples if item.split == "calibration"]
    return {
        f"{card.name} (as served)": finish(tokens, card.centring, card.whitening),
        f"{card.name}, calibrated on this set": finish(tokens, *learnt(tokens[half], chosen)),
        f"{card.name}, raw cosine": finish(tokens, None),
        "EfficientNet-Lite0, calibrated on this set": finish(light, *learnt(light[half], chosen)),
        "EfficientNet-Lite0, raw cosine": finish(light, None),
        "colour histogram": histograms(samples),
    }


def light_features(samples: list[Sample], models: Path, cache: Path) -> np.ndarray:
    """Return float32 (samples, 1280): the pooled last layer of EfficientNet-Lite0 at 224 pixels. Kept in ``cache``."""
    kept = cache / f"efficientnet-lite0-{_mark(samples)}.npy"
    if kept.is_file():
        return np.load(kept)
    import torch
    from safetensors.torch import load_file

    from dino_inference.core.efficientnet_lite import MEAN, STD, EfficientNetLite0
    from dino_inference.image_text.classifier import ensure_classifier
    from dino_inference.image_text.conse import squared

    network = EfficientNetLite0().eval()
    network.load_state_dict(load_file(str(ensure_classifier(models) / "model.safetensors")))
    rows = []
    for start in range(0, len(samples), _BATCH):
        pixels = np.stack([squared(decode_rgb(item.data)) for item in samples[start : start + _BATCH]])
        with torch.inference_mode():
            batch = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - MEAN) / STD
            rows.append(network.features(batch).numpy())
    features = np.concatenate(rows)
    np.save(kept, features)
    return features


def _mark(samples: list[Sample]) -> str:
    return f"{samples[0].group}-{len(samples)}"
