"""Small films made in the test: photographs that the camera passes over, with cuts at known times."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from skimage import data, transform

RATE = 25
WIDTH, HEIGHT = 320, 180


def photograph(name: str) -> np.ndarray:
    """Return a photograph, uint8 (h, w, 3), large enough to move a frame over."""
    picture = np.asarray(getattr(data, name)())
    if picture.ndim == 2:
        picture = np.stack([picture] * 3, axis=-1)
    side = max((WIDTH + 120) / picture.shape[1], (HEIGHT + 60) / picture.shape[0])
    shape = (round(picture.shape[0] * side), round(picture.shape[1] * side))
    return (transform.resize(picture[..., :3], shape, anti_aliasing=True) * 255).astype(np.uint8)


def static(picture: np.ndarray, seconds: float) -> list[np.ndarray]:
    """A camera that stands still."""
    return [picture[20 : 20 + HEIGHT, 20 : 20 + WIDTH]] * round(seconds * RATE)


def pan_right(picture: np.ndarray, seconds: float) -> list[np.ndarray]:
    """A camera that turns to the right: what is seen moves to the left."""
    count = round(seconds * RATE)
    return [picture[20 : 20 + HEIGHT, x : x + WIDTH] for x in np.linspace(0, 110, count).astype(int)]


def encoded(
    frames: Sequence[np.ndarray], container: str = "mp4", codec: str = "mpeg4", options: dict[str, str] | None = None
) -> bytes:
    """Return the frames as a film of 25 frames a second."""
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 4_000_000
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            file.mux(stream.encode(picture))
        file.mux(stream.encode())
    return out.getvalue()


def sound() -> bytes:
    """Return a file with sound and no pictures."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=44_100)
        for number in range(40):
            samples = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44_100, number * 1024
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return out.getvalue()
