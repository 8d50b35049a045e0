"""JPEGs as people send them: photographs of scikit-image at camera and web sizes, each file with bytes of its own."""

from __future__ import annotations

import io
import itertools
import struct
from dataclasses import dataclass

import skimage.data
from PIL import Image

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry", "retina")
LONG_SIDES = (640, 800, 1024, 1280, 1600)
QUALITY = 88


@dataclass(frozen=True, slots=True)
class Picture:
    """One file and its size in pixels."""

    name: str
    width: int
    height: int
    data: bytes


def base_pictures() -> list[Picture]:
    """Return every photograph at every size, sizes in turn, so that any stretch of the list is a fair mix."""
    made = []
    photographs = [(name, Image.fromarray(getattr(skimage.data, name)()).convert("RGB")) for name in PHOTOGRAPHS]
    for name, photograph in photographs:
        for side in LONG_SIDES:
            scale = side / max(photograph.size)
            size = round(photograph.width * scale), round(photograph.height * scale)
            file = io.BytesIO()
            photograph.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=QUALITY, optimize=True)
            made.append(Picture(f"{name}-{side}", *size, file.getvalue()))
    return made


class FreshPictures:
    """Gives out JPEGs whose bytes nobody has seen: the same photographs in the same order, each with a new comment."""

    def __init__(self, run: str) -> None:
        """``run`` goes into every comment, so that two runs share no content hash either."""
        self.base = base_pictures()
        self._run = run
        self._numbers = itertools.count()

    def take(self, count: int) -> list[bytes]:
        """Return ``count`` files; every call begins with the first photograph, so that all contestants get one set."""
        return [self._stamped(picture.data) for picture in itertools.islice(itertools.cycle(self.base), count)]

    def _stamped(self, data: bytes) -> bytes:
        text = f"{self._run}-{next(self._numbers)}".encode()
        # A comment segment (COM) right after the start-of-image marker.
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + data[2:]
