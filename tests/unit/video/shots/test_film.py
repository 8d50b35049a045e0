"""A film's shots in one pass."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
from tests.unit.video import films

from dino_video.core.media.facts import probe
from dino_video.core.shots.film import find_shots, timecodes


def test_one_pass_gives_shots_timecodes_and_black_frames() -> None:
    black = [np.zeros((108, 192, 3), np.uint8)] * 6
    pictures = [*films.moving(1, 40, 192, 108, 0.5), *films.moving(2, 45, 192, 108, 0.5), *black]
    film = films.encoded(pictures, rate=Fraction(30000, 1001))
    facts = probe(io.BytesIO(film))
    found = find_shots(io.BytesIO(film), facts)
    one, two = found.spans[0], found.spans[1]
    assert (one.first, one.end, two.first) == (0, 40, 40)
    assert one.end_time == two.start_time == Fraction(40 * 1001, 30000)
    assert timecodes(one, facts) == ("00:00:00;00", "00:00:01;10")
    assert found.spans[-1].end == len(found.times) == 91
    assert found.spans[-1].end_time == Fraction(91 * 1001, 30000)
    assert [(item.first, item.last) for item in found.cues.black] == [(85, 90)]
    assert not found.decoding.damage.any
    assert found.missing_s == 0


def test_a_damaged_film_is_analysed_as_far_as_it_goes() -> None:
    pictures = [*films.moving(3, 60, 192, 108, 0.5), *films.moving(4, 60, 192, 108, 0.5)]
    film = films.encoded(pictures, container="matroska", options={"g": "10"})
    facts = probe(io.BytesIO(film))
    found = find_shots(io.BytesIO(film[: len(film) * 8 // 10]), facts)
    assert 70 <= found.decoding.frames < 120
    assert [item.first for item in found.boundaries] == [60]
    assert found.spans[-1].end == found.decoding.frames
    assert abs(found.missing_s - (120 - found.decoding.frames) / 25) < 0.05


def test_a_film_of_one_frame_is_one_shot() -> None:
    film = films.encoded(films.moving(5, 1))
    found = find_shots(io.BytesIO(film), probe(io.BytesIO(film)))
    assert [(span.first, span.end) for span in found.spans] == [(0, 1)]
    assert found.spans[0].duration == Fraction(1, 25)
