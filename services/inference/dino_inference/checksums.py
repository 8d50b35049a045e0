"""SHA-256 of weight files, so that a model version is tied to its very bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

_BLOCK = 1 << 20
_WEIGHT_PATTERNS = ("*.safetensors", "pytorch_model*.bin")


def file_sha256(path: Path) -> str:
    """Hash one file; hexadecimal, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def weight_files(directory: Path) -> list[Path]:
    """List the weight files that `transformers` would load: safetensors if there are any, else PyTorch
    pickles."""
    for pattern in _WEIGHT_PATTERNS:
        if found := sorted(directory.glob(pattern)):
            return found
    return []


def weights_sha256(directory: Path) -> str:
    """Hash a model directory's weights: the file's own hash, or the hash over the shards' hashes in name
    order.

    Raises FileNotFoundError when the directory holds no weight file.
    """
    files = weight_files(directory)
    if not files:
        raise FileNotFoundError(f"no model.safetensors (or other weight file) in {directory}")
    if len(files) == 1:
        return file_sha256(files[0])
    return hashlib.sha256("".join(file_sha256(path) for path in files).encode()).hexdigest()
