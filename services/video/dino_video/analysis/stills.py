"""Keyframes at full size: only their own few frames are decoded again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from fractions import Fraction

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from dino_common.errors import InvalidFileFormat
from dino_video.core.decode.frames import Damage, pictures
from dino_video.core.decode.planes import Plane, Scaler
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits
from dino_video.core.media.opening import Source

LONG_SIDE = 1920
_QUALITY = 92
# Seconds that are decoded on rather than sought: key frames are commonly two to ten seconds apart.
_DECODED_ON = 5


class Stills:
    """Decodes single frames of one film in order of time; near ones by decoding on, far ones from a key frame.

    Args:
        source: a path or a seekable file object of its own.
        facts: of the same film.
        limits: on pixels and clock time.
        stop: asked before each packet; once it is true there are no frames any more.
    """

    def __init__(self, source: Source, facts: VideoFacts, limits: MediaLimits, stop: Callable[[], bool]) -> None:
        """Open nothing yet."""
        self._source, self._facts, self._limits, self._stop = source, facts, limits, stop
        self._plane = Plane("rgb", long_side=LONG_SIDE)
        self._scaler = Scaler([self._plane], facts)
        self._coming: Generator[tuple[Fraction, VideoFrame], None, None] | None = None
        self._at = Fraction(-1)

    def at(self, time: Fraction) -> NDArray[np.uint8]:
        """Return the frame at exactly this time: uint8 (h, w, 3) RGB, at most 1,920 pixels on the longer side.

        Raises:
            InvalidFileFormat: there is none, as when the file was exchanged meanwhile.
        """
        if self._coming is None or not self._at < time <= self._at + _DECODED_ON:
            self.close()
            self._coming = pictures(
                self._source, self._facts, time, limits=self._limits, damage=Damage(), stop=self._stop
            )
        for moment, picture in self._coming:
            self._at = moment
            if moment == time:
                self._limits.check_pixels(picture.width, picture.height)
                return self._scaler.planes(picture)[self._plane]
            if moment > time:
                break
        self.close()
        raise InvalidFileFormat(f"the film has no frame at {float(time):.3f} s any more")

    def close(self) -> None:
        """Begin anew with the next frame, whatever was read before."""
        if self._coming is not None:
            self._coming.close()
        self._coming, self._at = None, Fraction(-1)


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
