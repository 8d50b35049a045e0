"""Small films made on the spot."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

SIDEWAYS = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


def texture(seed: int, width: int, height: int) -> Picture:
    """A smooth random picture, another one for each seed."""
    random = np.random.default_rng(seed)
    small = random.integers(20, 236, (6, 8, 3)).astype(np.float32)
    rows = np.linspace(0, 5, height)
    columns = np.linspace(0, 7, width)
    y, x = np.floor(rows).astype(int).clip(0, 4), np.floor(columns).astype(int).clip(0, 6)
    dy, dx = (rows - y)[:, None, None], (columns - x)[None, :, None]
    top = small[y][:, x] * (1 - dx) + small[y][:, x + 1] * dx
    low = small[y + 1][:, x] * (1 - dx) + small[y + 1][:, x + 1] * dx
    return (top * (1 - dy) + low * dy).astype(np.uint8)


def moving(seed: int, count: int, width: int = 96, height: int = 54, speed: float = 1.0) -> list[Picture]:
    """A shot: a random picture that drifts, with some grain."""
    wide = texture(seed, width * 2, height)
    random = np.random.default_rng(seed + 1)
    found = []
    for number in range(count):
        shift = int(number * speed) % width
        grain = random.integers(-3, 4, (height, width, 1))
        found.append(np.clip(wide[:, shift : shift + width].astype(np.int16) + grain, 0, 255).astype(np.uint8))
    return found


def encoded(
    pictures: Iterable[Picture],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    rate: Fraction | int = 25,
    stamps: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    options: dict[str, str] | None = None,
    pixel_format: str = "yuv420p",
    audio: bool = False,
    more_video: Sequence[Sequence[Picture]] = (),
    aspect: Fraction | None = None,
    movflags: str = "",
) -> bytes:
    """Encode pictures; ``stamps`` are time stamps in ``time_base`` for a variable rate."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, options={"movflags": movflags} if movflags else {}) as output:
        tracks = [list(pictures), *(list(track) for track in more_video)]
        streams = []
        for track in tracks:
            stream = output.add_stream(codec, rate=rate)
            stream.height, stream.width = track[0].shape[:2]
            stream.pix_fmt = pixel_format
            usual = {"preset": "ultrafast", "threads": "1"} if codec == "libx264" else {}
            stream.options = usual | (options or {})
            if time_base is not None:
                stream.codec_context.time_base = time_base
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            streams.append(stream)
        sound = output.add_stream("aac", rate=16000, layout="mono") if audio else None
        for stream, track in zip(streams, tracks, strict=True):
            for number, picture in enumerate(track):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame.pts = stamps[number] if stamps is not None else number
                frame.time_base = time_base or 1 / Fraction(rate)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        if sound is not None:
            for number in range(16):
                block = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                block.sample_rate, block.pts = 16000, number * 1024
                output.mux(sound.encode(block))
            output.mux(sound.encode(None))
    return file.getvalue()


def only_audio(container: str = "mp4") -> bytes:
    """A second of silence."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        sound = output.add_stream("aac", rate=16000, layout="mono")
        for number in range(16):
            block = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            block.sample_rate, block.pts = 16000, number * 1024
            output.mux(sound.encode(block))
        output.mux(sound.encode(None))
    return file.getvalue()


def patched(data: bytes, box: bytes, change: Callable[[bytearray, int], None]) -> bytes:
    """Change an MP4 box's content in place: ``change(file, offset of the content)``."""
    file = bytearray(data)
    place = file.find(box)
    assert place > 0, f"no {box!r} box"
    change(file, place + 4)
    return bytes(file)


def rotated(data: bytes, matrix: Sequence[int] = SIDEWAYS) -> bytes:
    """Give an MP4's first track another display matrix (ISO 14496-12, tkhd version 0)."""
    return patched(data, b"tkhd", lambda file, at: struct.pack_into(">9i", file, at + 40, *matrix))
