"""One pass for many consumers."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from tests.unit.video import films

from dino_common.errors import FileTooLarge
from dino_video.core.decode.ahead import ahead
from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.decode.run import Progress, decode
from dino_video.core.media.facts import probe
from dino_video.core.media.limits import MediaLimits


@dataclass
class Collector:
    """Keeps the time and one plane's shape of each frame."""

    plane: Plane
    found: list[tuple[Fraction, tuple[int, ...]]] = field(default_factory=list)

    @property
    def planes(self) -> tuple[Plane, ...]:
        return (self.plane,)

    def take(self, frame: Frame) -> None:
        self.found.append((frame.time, frame.planes[self.plane].shape))


@pytest.fixture(scope="module")
def film() -> bytes:
    return films.encoded(films.moving(1, 60))


def test_every_consumer_gets_every_frame_once(film: bytes) -> None:
    one, two = Collector(Plane("rgb", exact=(48, 27))), Collector(Plane("gray", long_side=32))
    told: list[Progress] = []
    done = decode(io.BytesIO(film), probe(io.BytesIO(film)), [one, two], progress=told.append, every_s=0)
    assert [time for time, _ in one.found] == [time for time, _ in two.found] == [Fraction(n, 25) for n in range(60)]
    assert one.found[0][1] == (27, 48, 3)
    assert two.found[0][1] == (18, 32)
    assert (done.frames, done.first, done.last, done.stopped) == (60, 0, Fraction(59, 25), False)
    assert not done.damage.any
    assert [item.frames for item in told] == [*range(1, 61), 60]


def test_a_pass_stops_when_asked(film: bytes) -> None:
    collector = Collector(Plane("gray", long_side=32))
    done = decode(io.BytesIO(film), probe(io.BytesIO(film)), [collector], stop=lambda: len(collector.found) >= 5)
    assert done.stopped
    assert done.frames == len(collector.found) == 5
    assert not any(thread.name == "decode-ahead" for thread in threading.enumerate())


def test_an_error_of_decoding_reaches_the_caller(film: bytes) -> None:
    collector = Collector(Plane("gray", long_side=32))
    with pytest.raises(FileTooLarge):
        decode(io.BytesIO(film), probe(io.BytesIO(film)), [collector], limits=MediaLimits(frames=10))
    assert len(collector.found) == 10


def test_an_error_of_a_consumer_ends_the_thread(film: bytes) -> None:
    class Broken(Collector):
        def take(self, frame: Frame) -> None:
            raise ArithmeticError("no")

    with pytest.raises(ArithmeticError):
        decode(io.BytesIO(film), probe(io.BytesIO(film)), [Broken(Plane("gray", long_side=32))])
    assert not any(thread.name == "decode-ahead" for thread in threading.enumerate())


def test_ahead_keeps_order_and_runs_no_further_than_asked() -> None:
    drawn: list[int] = []

    def numbers():
        for n in range(100):
            drawn.append(n)
            yield n

    with ahead(numbers(), 4) as coming:
        assert next(coming) == 0
        assert len(drawn) <= 7
        assert list(coming) == list(range(1, 100))
