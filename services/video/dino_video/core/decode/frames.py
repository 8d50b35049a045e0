"""Frames of a chunk in order of time, as small planes; damage is stepped over and counted."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic

import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from dino_common.errors import FileTooLarge
from dino_video.core.decode.chunks import WHOLE, Chunk
from dino_video.core.decode.planes import Plane, Scaler
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits
from dino_video.core.media.opening import Source, opened, video_stream


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        time: exact seconds from the film's first time stamp.
        key: whether it decodes on its own.
        damaged: whether the decoder patched parts that were missing.
        planes: each requested plane, uint8.
    """

    time: Fraction
    key: bool
    damaged: bool
    planes: Mapping[Plane, NDArray[np.uint8]]


@dataclass
class Damage:
    """What went wrong while a chunk was decoded.

    Attributes:
        packets: packets that could not be decoded, and were left out.
        frames: frames that were shown with patched parts.
        out_of_order: frames left out because their time was not after the one before.
        broke_off: whether the file ended in the middle of its data.
    """

    packets: int = 0
    frames: int = 0
    out_of_order: int = 0
    broke_off: bool = False

    def __add__(self, other: Damage) -> Damage:
        """Sum the damage of two chunks."""
        return Damage(
            self.packets + other.packets,
            self.frames + other.frames,
            self.out_of_order + other.out_of_order,
            self.broke_off or other.broke_off,
        )

    @property
    def any(self) -> bool:
        """Whether anything went wrong."""
        return bool(self.packets or self.frames or self.out_of_order or self.broke_off)


def frames(
    source: Source,
    facts: VideoFacts,
    planes: Iterable[Plane],
    *,
    chunk: Chunk = WHOLE,
    limits: MediaLimits | None = None,
    damage: Damage | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Frame]:
    """Decode a chunk; holds a few frames at a time, whatever the film's length.

    The pictures of a chunk are the same wherever decoding starts: it starts at a key frame at or before the
    chunk, and what comes before the chunk is thrown away.

    Args:
        source: a path or a seekable file object of its own (not shared with another running decode).
        facts: of the same film, from ``probe``.
        planes: what each frame is wanted as.
        chunk: the stretch of time; the whole film when left out.
        limits: on duration, pixels, frames and clock time.
        damage: counts what goes wrong; read it after the last frame.
        stop: asked before each packet, also of those before the chunk; True ends the frames.

    Raises:
        InvalidFileFormat, FileTooLarge, DeadlineExceeded: as ``probe`` and MediaLimits say.
    """
    limits = limits or MediaLimits()
    damage = damage if damage is not None else Damage()
    scaler = Scaler(planes, facts)
    count = 0
    coming = pictures(source, facts, chunk.start, limits=limits, damage=damage, stop=stop)
    try:
        for time, picture in coming:
            if chunk.end is not None and time >= chunk.end:
                return
            if time < chunk.start:
                continue
            count += 1
            limits.check_frames(count)
            limits.check_duration(float(time))
            limits.check_pixels(picture.width, picture.height)
            damage.frames += picture.is_corrupt
            yield Frame(time, bool(picture.key_frame), bool(picture.is_corrupt), scaler.planes(picture))
    finally:
        coming.close()


def pictures(
    source: Source,
    facts: VideoFacts,
    start: Fraction,
    *,
    limits: MediaLimits,
    damage: Damage,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[tuple[Fraction, VideoFrame], None, None]:
    """Yield time and picture as decoded, in order of time, from a key frame at or before ``start`` on.

    Raises:
        InvalidFileFormat, FileTooLarge, DeadlineExceeded: as ``frames`` says.
    """
    began = monotonic()

    def over() -> bool:
        limits.check_clock(began)
        return stop()

    with opened(source) as container:
        stream = video_stream(container, limits)
        stream.thread_type = "AUTO"
        last = Fraction(-1)
        for time, picture in _from(container, stream, start, facts, damage, over):
            if time <= last:
                damage.out_of_order += 1
                continue
            last = time
            yield time, picture


def _from(
    container: InputContainer,
    stream: VideoStream,
    start: Fraction,
    facts: VideoFacts,
    damage: Damage,
    over: Callable[[], bool],
) -> Iterator[tuple[Fraction, VideoFrame]]:
    """Yield time and picture from a key frame at or before ``start`` to the end of the file."""
    base = Fraction(stream.time_base or Fraction(1, 1000))
    origin = stream.start_time or 0
    back = Fraction(0)
    while not over():
        wanted = start - back
        if wanted > 0:
            container.seek(origin + int(wanted / base), stream=stream, backward=True)
        found = _decoded(container, stream, base, origin, facts, damage, over)
        first = next(found, None)
        # A seek may land late where an index is coarse or wrong: then begin further ahead.
        if wanted > 0 and (first is None or first[0] > start):
            found.close()
            back = max(Fraction(2), back * 2)
            if start - back <= 0:
                container.seek(origin, stream=stream, backward=True)
                back = start
            continue
        if first is not None:
            yield first
            yield from found
        return


def _decoded(
    container: InputContainer,
    stream: VideoStream,
    base: Fraction,
    origin: int,
    facts: VideoFacts,
    damage: Damage,
    over: Callable[[], bool],
) -> Generator[tuple[Fraction, VideoFrame], None, None]:
    """Decode on from where the container stands; nothing is yielded before the first key frame."""
    step = 1 / facts.rate
    time: Fraction | None = None
    keyed: Fraction | None = None
    packets = container.demux(stream)
    while not over():
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            damage.broke_off = True
            packet = None
        try:
            pictures = packet.decode() if packet is not None else stream.decode(None)
        except av.error.InvalidDataError:
            damage.packets += 1
            pictures = []
        except av.error.EOFError:
            pictures = []
        except av.error.FFmpegError as error:
            if isinstance(error, av.error.MemoryError):
                raise FileTooLarge("the decoder needs more memory than there is for this video") from error
            damage.packets += 1
            pictures = []
        for picture in pictures:
            if picture.pts is not None:
                time = (picture.pts - origin) * base
            else:
                time = Fraction(0) if time is None else time + step
            if keyed is None and picture.key_frame:
                keyed = time
            # Pictures shown before the key frame that decoding starts at lean on frames that were not read.
            if keyed is not None and time >= keyed:
                yield time, picture
        if packet is None:
            return
