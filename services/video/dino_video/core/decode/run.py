"""One pass, many consumers: each frame is decoded once and handed to all that subscribed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from time import monotonic
from typing import Protocol

from dino_video.core.decode.ahead import ahead
from dino_video.core.decode.chunks import WHOLE, Chunk
from dino_video.core.decode.frames import Damage, Frame, frames
from dino_video.core.decode.planes import Plane
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits
from dino_video.core.media.opening import Source


class Consumer(Protocol):
    """Takes each frame of a chunk in order of time."""

    @property
    def planes(self) -> tuple[Plane, ...]:
        """What it wants each frame as."""
        ...

    def take(self, frame: Frame) -> None:
        """Take the next frame; its arrays may be kept."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a pass is: frames so far, time of the last one in seconds, clock seconds since it began."""

    frames: int
    time_s: float
    elapsed_s: float


@dataclass(frozen=True)
class Pass:
    """What one pass over a chunk found.

    Attributes:
        chunk: the stretch of time.
        frames: how many frames were handed on.
        first, last: exact times of the first and last one; None when there was none.
        damage: what was stepped over.
        stopped: whether ``stop`` ended it early.
    """

    chunk: Chunk
    frames: int
    first: Fraction | None
    last: Fraction | None
    damage: Damage = field(default_factory=Damage)
    stopped: bool = False


def missing_seconds(facts: VideoFacts, last: Fraction | None) -> float:
    """Return how many seconds of the declared video did not come; 0 for less than a quarter of a second.

    A file that is cut off often just ends: only its header tells that more was meant to come. Where a header
    knows of the longest stream alone, longer sound counts too.

    Args:
        facts: of the film.
        last: time of the last frame that was decoded.
    """
    if facts.duration_s is None:
        return 0.0
    covered = 0.0 if last is None else float(last + 1 / facts.rate)
    missing = facts.duration_s - covered
    return missing if missing >= max(0.25, float(2 / facts.rate)) else 0.0


def decode(
    source: Source,
    facts: VideoFacts,
    consumers: Sequence[Consumer],
    *,
    chunk: Chunk = WHOLE,
    limits: MediaLimits | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress], None] = lambda _: None,
    every_s: float = 0.5,
) -> Pass:
    """Decode a chunk once and hand each frame to every consumer.

    Args:
        source: a path or a seekable file object of its own.
        facts: of the same film, from ``probe``.
        consumers: called in their order, in this thread; decoding runs a few frames ahead in another.
        chunk: the stretch of time; the whole film when left out.
        limits: on duration, pixels, frames and clock time.
        stop: asked before each frame and packet, from both threads; True ends the pass with what was handed on so far.
        progress: called every ``every_s`` seconds and at the end.

    Raises:
        InvalidFileFormat, FileTooLarge, DeadlineExceeded: as ``frames`` says.
    """
    damage = Damage()
    began = told = monotonic()
    count, first, last, stopped = 0, None, None, False
    wanted = [plane for consumer in consumers for plane in consumer.planes]
    with ahead(frames(source, facts, wanted, chunk=chunk, limits=limits, damage=damage, stop=stop)) as coming:
        for frame in coming:
            if stop():
                stopped = True
                break
            for consumer in consumers:
                consumer.take(frame)
            count += 1
            first, last = (frame.time if first is None else first), frame.time
            if (now := monotonic()) - told >= every_s:
                told = now
                progress(Progress(count, float(frame.time), now - began))
    progress(Progress(count, float(last or 0), monotonic() - began))
    return Pass(chunk, count, first, last, damage, stopped or stop())
