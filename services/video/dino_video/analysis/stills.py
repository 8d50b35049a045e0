"""Keyframes at full size: only their own few frames are decoded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.errors import InvalidFileFormat
from dino_video.core.decode.chunks import Chunk
from dino_video.core.decode.frames import frames
from dino_video.core.decode.planes import Plane
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits
from dino_video.core.media.opening import Source

LONG_SIDE = 1920
_QUALITY = 92


def still(
    source: Source, facts: VideoFacts, time: Fraction, limits: MediaLimits, stop: Callable[[], bool] = lambda: False
) -> NDArray[np.uint8]:
    """Decode the frame at exactly this time: uint8 (h, w, 3) RGB, at most 1,920 pixels on the longer side.

    ``stop`` is asked before each packet; once it is true there is no such frame.

    Raises:
        InvalidFileFormat: there is none, as when the file was exchanged meanwhile.
    """
    plane = Plane("rgb", long_side=LONG_SIDE)
    chunk = Chunk(0, time, time + Fraction(1, 1000))
    for frame in frames(source, facts, [plane], chunk=chunk, limits=limits, stop=stop):
        return frame.planes[plane]
    raise InvalidFileFormat(f"the film has no frame at {float(time):.3f} s any more")


def to_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Encode uint8 (h, w, 3) RGB as JPEG."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()


def smaller(pictures: Sequence[NDArray[np.uint8]], long_side: int) -> list[NDArray[np.uint8]]:
    """Return the pictures averaged down to this longer side; smaller ones as they are."""
    found = []
    for picture in pictures:
        scale = long_side / max(picture.shape[:2])
        if scale < 1:
            size = (max(16, round(picture.shape[1] * scale)), max(16, round(picture.shape[0] * scale)))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        found.append(picture)
    return found
