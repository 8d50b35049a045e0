"""Small colour pictures of a chunk, often enough for the camera's motion and for choosing keyframes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_video.core.camera.meter import LEAST_STEP
from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane

PICTURE = Plane("rgb", long_side=240)
_QUALITY = 95


class PictureKeeper:
    """Keeps every frame that the camera meter would measure, as JPEG: about 8 kB each, 8 MB a minute."""

    def __init__(self) -> None:
        """Start with none."""
        self._numbers: list[int] = []
        self._files: list[bytes] = []
        self._count = 0
        self._last: Fraction | None = None

    @property
    def planes(self) -> tuple[Plane, ...]:
        """The small picture."""
        return (PICTURE,)

    def take(self, frame: Frame) -> None:
        """Keep the frame unless it comes too soon after the last kept one."""
        if self._last is None or frame.time - self._last >= LEAST_STEP:
            bgr = cv2.cvtColor(frame.planes[PICTURE], cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            self._numbers.append(self._count)
            self._files.append(data.tobytes())
            self._last = frame.time
        self._count += 1

    def pack(self) -> dict[str, NDArray[np.generic]]:
        """Return ``numbers`` (frames of the chunk), ``ends`` (offsets) and ``files`` (JPEG bytes, joined)."""
        return {
            "numbers": np.array(self._numbers, np.int32),
            "ends": np.cumsum([len(data) for data in self._files], dtype=np.int64),
            "files": np.frombuffer(b"".join(self._files), np.uint8),
        }


def unpacked(kept: dict[str, NDArray[np.generic]]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield frame number within the chunk and picture, uint8 (h, w, 3) RGB, of what ``pack`` returned."""
    start = 0
    for number, end in zip(kept["numbers"].tolist(), kept["ends"].tolist(), strict=True):
        found = cv2.imdecode(np.asarray(kept["files"][start:end], np.uint8), cv2.IMREAD_COLOR_RGB)
        yield number, np.asarray(found, np.uint8)
        start = end
