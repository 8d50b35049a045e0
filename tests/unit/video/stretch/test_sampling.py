from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import pytest
from tests.unit.video.films import encoded, moving

from dino_common.errors import InvalidRequest
from dino_video.core.media.facts import VideoFacts, probe
from dino_video.stretch.sampling import Sampler, Stretch, stretch_of


@pytest.fixture(scope="module")
def facts() -> VideoFacts:
    """A film of 10 seconds, 25 frames a second."""
    return replace(
        probe(BytesIO(encoded(moving(1, 5)))), duration_s=10.0, nominal_rate=Fraction(25), average_rate=Fraction(25)
    )


def taken(stretch: Stretch, times: list[Fraction], last: int = -1) -> list[int]:
    sampler = Sampler(stretch, last)
    return [stretch.number(time) for time in times if sampler.takes(time)]


def test_frames_are_taken_evenly_and_no_more_often_than_the_film_has_them():
    times = [Fraction(n, 25) for n in range(100)]
    assert taken(Stretch(0, None, Fraction(25), Fraction(5)), times) == list(range(0, 100, 5))
    assert taken(Stretch(0, None, Fraction(25), Fraction(60)), times) == list(range(100))
    thirds = taken(Stretch(10, None, Fraction(25), Fraction(3)), times[10:])
    assert thirds[:4] == [10, 19, 27, 35]


def test_what_is_taken_does_not_depend_on_where_decoding_began():
    stretch = Stretch(3, None, Fraction(25), Fraction(4))
    times = [Fraction(n, 25) for n in range(3, 200)]
    whole = taken(stretch, times)
    for kept in (1, 5, 17):
        first = whole[:kept]
        again = Sampler(stretch)
        assert again.takes(Fraction(first[-1], 25))
        rest = [stretch.number(t) for t in times if t > Fraction(first[-1], 25) and again.takes(t)]
        assert first + rest == whole


def test_times_rounded_to_milliseconds_are_the_same_frames():
    stretch = Stretch(0, None, Fraction(30), Fraction(10))
    times = [Fraction(round(1000 * n / 30), 1000) for n in range(60)]
    assert taken(stretch, times) == list(range(0, 60, 3))


def test_the_count_that_is_told_is_the_count_that_comes():
    for rate, per_second, end in ((25, 5, 100), (25, 3, 61), (24, 60, 17), (30, 7, 200)):
        stretch = Stretch(0, end, Fraction(rate), Fraction(per_second))
        assert len(taken(stretch, [Fraction(n, rate) for n in range(end)])) == stretch.taken(None)


def test_a_stretch_is_named_by_time_or_frame(facts):
    assert stretch_of(facts, start_time=2.0, end_time=4.0, per_second=5).first == 50
    assert stretch_of(facts, start_time=2.0, end_time=4.0, per_second=5).end == 100
    assert stretch_of(facts, start_frame=7, max_seconds=1, per_second=5).end == 32
    assert stretch_of(facts, end_time=8, max_seconds=1, per_second=5).end == 25
    assert stretch_of(facts, end_time=10, per_second=5).end is None


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"start_time": 10.0}, "beyond the film of 10.000 s"),
        ({"start_frame": 250}, "start_frame lies beyond"),
        ({"end_time": 11.0}, "end_time lies beyond"),
        ({"start_time": 5.0, "end_time": 5.0}, "after the beginning"),
        ({"start_time": 1.0, "start_frame": 25}, "two beginnings"),
    ],
)
def test_a_stretch_outside_the_film_is_refused(facts, named, message):
    with pytest.raises(InvalidRequest, match=message):
        stretch_of(facts, per_second=5, **named)
