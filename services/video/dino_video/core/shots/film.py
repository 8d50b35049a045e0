"""The shots of a film in one decoding pass, with their timecodes, black frames and credits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.decode.run import Consumer, Pass, Progress, decode, missing_seconds
from dino_video.core.media.facts import VideoFacts
from dino_video.core.media.limits import MediaLimits
from dino_video.core.media.opening import Source
from dino_video.core.shots.boundaries import Boundary, ShotSpan, shots
from dino_video.core.shots.cues import CueMeter, Cues
from dino_video.core.shots.detectors.interface import DetectorOptions
from dino_video.core.shots.detectors.named import DEFAULT, detector
from dino_video.core.timecode import frame_at, timecode


@dataclass(frozen=True)
class FilmShots:
    """What one pass found.

    Attributes:
        boundaries, spans: in order; one shot more than boundaries.
        cues: black frames and what looks like credits.
        times: exact time of each frame in seconds.
        decoding: frames, damage, and whether it was stopped.
        missing_s: seconds of the declared video that did not come.
    """

    boundaries: tuple[Boundary, ...]
    spans: tuple[ShotSpan, ...]
    cues: Cues
    times: tuple[Fraction, ...]
    decoding: Pass
    missing_s: float


class TimeKeeper:
    """Keeps the time of each frame."""

    planes: tuple[Plane, ...] = ()

    def __init__(self) -> None:
        """Start with none."""
        self.times: list[Fraction] = []

    def take(self, frame: Frame) -> None:
        """Keep the next frame's."""
        self.times.append(frame.time)


def find_shots(
    source: Source,
    facts: VideoFacts,
    *,
    name: str = DEFAULT,
    threshold: float = 0.3,
    others: Sequence[Consumer] = (),
    limits: MediaLimits | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> FilmShots:
    """Decode a film once and find its shots.

    Args:
        source: a path or a seekable file object of its own.
        facts: of the same film, from ``probe``.
        name: of the detector.
        threshold: above 0, below 1; higher finds fewer boundaries.
        others: consumers that share the pass (camera, look, keyframes).
        limits: on duration, pixels, frames and clock time.
        stop: asked before each frame.
        progress: told now and then.

    Raises:
        InvalidRequest: as ``detector`` says.
        InvalidFileFormat, FileTooLarge, DeadlineExceeded: as ``frames`` says.
    """
    chosen = detector(name, DetectorOptions(threshold, facts.rate))
    meter, keeper = CueMeter(float(facts.rate)), TimeKeeper()
    done = decode(source, facts, [chosen, meter, keeper, *others], limits=limits, stop=stop, progress=progress)
    boundaries = chosen.finish()
    end = keeper.times[-1] + 1 / facts.rate if keeper.times else Fraction(0)
    spans = shots(boundaries, keeper.times, end)
    missing = 0.0 if done.stopped else missing_seconds(facts, done.last)
    return FilmShots(tuple(boundaries), spans, meter.finish(), tuple(keeper.times), done, missing)


def timecodes(span: ShotSpan, facts: VideoFacts) -> tuple[str, str]:
    """Return the SMPTE timecodes at which a shot starts and ends (the next one's first frame)."""
    return tuple(timecode(frame_at(time, facts.rate), facts.rate) for time in (span.start_time, span.end_time))  # type: ignore[return-value]
