"""Films of any length, cheaply: a minute of real shots is encoded once and then repeated packet by packet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from benchmarks.video import shots
from benchmarks.video.sources import clips, photographs

RATE = 25
SHOT_SECONDS, SHOTS = 5, 12
MINUTE = SHOT_SECONDS * SHOTS


def long_film(folder: Path, size: tuple[int, int], minutes: int) -> Path:
    """Return a film of hard cuts every five seconds, H.264 at 25 frames a second; it stays in the folder.

    Args:
        folder: where it is kept.
        size: width and height.
        minutes: length.
    """
    path = folder / f"long-{size[1]}p-{minutes}.mp4"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        minute = folder / f"minute-{size[1]}p.mp4"
        if not minute.exists():
            _encode(minute.with_suffix(".part"), size).rename(minute)
        _repeat(minute, path.with_suffix(".part"), minutes).rename(path)
    return path


def _encode(path: Path, size: tuple[int, int]) -> Path:
    """Alternate footage and photographs under a moving camera, of the lists that no training saw."""
    random = np.random.default_rng(17)
    stills, moving, frames = photographs("held-out"), clips("held-out"), SHOT_SECONDS * RATE
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        # Groups are closed, so that one minute may follow another.
        stream.options = {"crf": "23", "preset": "veryfast", "x264-params": "open-gop=0"}
        for number in range(SHOTS):
            if number % 2:
                shot: shots.Shot = shots.of_clip(moving[number // 2 % len(moving)], size, random)
            else:
                photo = stills[number // 2 % len(stills)]
                shot = shots.of_photograph(photo, stills, size, frames, random)
            for t in range(frames):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shot.picture(t)), format="rgb24")
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _repeat(minute: Path, path: Path, times: int) -> Path:
    with av.open(str(path), "w", format="mp4") as out:
        written = None
        for number in range(times):
            with av.open(str(minute)) as source:
                stream = source.streams.video[0]
                if written is None:
                    written = out.add_stream_from_template(stream)
                assert stream.time_base is not None
                shift = int(Fraction(number * MINUTE) / stream.time_base)
                for packet in source.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.dts, packet.pts, packet.stream = packet.dts + shift, packet.pts + shift, written
                    out.mux(packet)
    return path
