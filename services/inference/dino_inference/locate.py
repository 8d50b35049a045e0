"""From ``DINOV3_MODEL_NAME`` to a directory on this machine."""

from __future__ import annotations

from pathlib import Path

from dino_common.errors import ModelNotLoaded
from dino_inference.pull import ensure_builtin

_FILES = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "preprocessor_config.json",
    "model_card.json",
]


def locate(model_name: str, cache: Path) -> Path:
    """Return the directory of a model: a local directory, a hub repository, or (no name) the built-in model.

    A repository is downloaded into the cache once. Raises ModelNotLoaded when the name is neither a directory
    nor a repository that can be fetched.
    """
    if not model_name:
        return ensure_builtin(cache)
    directory = Path(model_name).expanduser()
    if directory.is_dir():
        return directory
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model_name, cache_dir=cache / "hub", allow_patterns=_FILES))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelNotLoaded(
            f"DINOV3_MODEL_NAME={model_name} is neither a directory nor a repository that can be fetched",
            details="Name a directory in transformers form (config.json, preprocessor_config.json, "
            "model.safetensors); for gated repositories set HF_TOKEN; leave it empty for the built-in model.",
        ) from error
