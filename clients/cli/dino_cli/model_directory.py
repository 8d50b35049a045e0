"""Is this directory a model that the platform can serve? Looked at without loading it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dino_cli.failures import Failure

# ``model_type`` of config.json for the architectures that the inference service loads.
SUPPORTED = {
    "dinov3_vit": "DINOv3 ViT",
    "dinov3_convnext": "DINOv3 ConvNeXt",
    "dinov2": "DINOv2 ViT",
    "dinov2_with_registers": "DINOv2 ViT with registers",
}


@dataclass(frozen=True)
class ModelDirectory:
    """What a model directory holds."""

    path: str
    architecture: str
    model_type: str
    dimension: int | None
    weight_files: list[str]
    weight_bytes: int
    has_card: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for ``--json``."""
        return asdict(self)


def inspect_directory(directory: Path) -> ModelDirectory:
    """Return what the directory holds.

    Raises:
        Failure: a needed file is missing or broken, or the architecture is not one that is served.
    """
    config = _json(directory / "config.json")
    _json(directory / "preprocessor_config.json")
    kind = str(config.get("model_type", "none"))
    if kind not in SUPPORTED:
        raise _unfit(directory, f"its model_type is {kind!r}; served are {', '.join(SUPPORTED)}")
    weights = _weights(directory)
    sizes = config.get("hidden_sizes")
    dimension = sizes[-1] if isinstance(sizes, list) and sizes else config.get("hidden_size")
    return ModelDirectory(
        path=str(directory.resolve()),
        architecture=SUPPORTED[kind],
        model_type=kind,
        dimension=dimension,
        weight_files=[path.name for path in weights],
        weight_bytes=sum(path.stat().st_size for path in weights),
        has_card=(directory / "model_card.json").is_file(),
    )


def _weights(directory: Path) -> list[Path]:
    index = directory / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(_json(index).get("weight_map", {}).values()))
        missing = [name for name in names if not (directory / name).is_file()]
        if missing or not names:
            raise _unfit(directory, f"the index names weights that are missing: {', '.join(missing) or 'none named'}")
        return [directory / name for name in names]
    single = directory / "model.safetensors"
    if not single.is_file():
        raise _unfit(directory, "model.safetensors is missing")
    return [single]


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise _unfit(path.parent, f"{path.name} is missing")
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _unfit(path.parent, f"{path.name} is not readable JSON ({error})") from error
    if not isinstance(content, dict):
        raise _unfit(path.parent, f"{path.name} is not a JSON object")
    return content


def _unfit(directory: Path, reason: str) -> Failure:
    return Failure(
        f"{directory} is not a model directory: {reason}",
        details="Save one with model.save_pretrained(DIR) and processor.save_pretrained(DIR) of transformers",
        code="NOT_A_MODEL",
    )
