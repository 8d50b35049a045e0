"""SMPTE timecodes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_video.core.timecode import drops, frame_at, frame_of, timecode

NTSC, NTSC_60, FILM_TV = Fraction(30000, 1001), Fraction(60000, 1001), Fraction(24000, 1001)
RATES = [Fraction(24), FILM_TV, Fraction(25), Fraction(30), NTSC, Fraction(50), Fraction(60), NTSC_60, Fraction(120)]


@pytest.mark.parametrize(
    ("frame", "rate", "code"),
    [
        (0, Fraction(25), "00:00:00:00"),
        (1799, NTSC, "00:00:59;29"),
        (1800, NTSC, "00:01:00;02"),
        (17981, NTSC, "00:09:59;29"),
        (17982, NTSC, "00:10:00;00"),
        (107892, NTSC, "01:00:00;00"),
        (3600, NTSC_60, "00:01:00;04"),
        (35964, NTSC_60, "00:10:00;00"),
        (86400, FILM_TV, "01:00:00:00"),
        (24 * 3600 * 25, Fraction(25), "00:00:00:00"),
        (119, Fraction(120), "00:00:00:119"),
    ],
)
def test_known_timecodes(frame: int, rate: Fraction, code: str) -> None:
    assert timecode(frame, rate) == code


@given(st.sampled_from(RATES), st.data())
def test_every_frame_of_a_day_comes_back(rate: Fraction, data: st.DataObject) -> None:
    frame = data.draw(st.integers(0, int(rate * 24 * 3600) - 200))
    assert frame_of(timecode(frame, rate), rate) == frame


@given(st.sampled_from(RATES), st.data())
def test_later_frames_have_later_timecodes(rate: Fraction, data: st.DataObject) -> None:
    frame = data.draw(st.integers(0, int(rate * 23 * 3600)))
    one, two = timecode(frame, rate), timecode(frame + 1, rate)
    assert (len(one), one) < (len(two), two)


@given(st.sampled_from([NTSC, NTSC_60]), st.integers(0, 24 * 3600 - 1))
def test_drop_frame_timecodes_stay_with_the_clock(rate: Fraction, second: int) -> None:
    hours, minutes, rest = timecode(frame_at(Fraction(second), rate), rate).split(":")
    seconds, frames = rest.split(";")
    shown = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(frames) / round(rate)
    assert abs(shown - second) < 0.15


def test_timecodes_that_do_not_exist_are_refused() -> None:
    for code, rate in (
        ("00:01:00;00", NTSC),
        ("00:00:00:25", Fraction(25)),
        ("1:2:3", Fraction(25)),
        ("24:00:00:00", NTSC),
    ):
        with pytest.raises(ValueError, match=r"exist|left out|not a timecode"):
            frame_of(code, rate)
    with pytest.raises(ValueError, match="no drop-frame"):
        timecode(0, Fraction(25), drop=True)
    with pytest.raises(ValueError, match="count from 0"):
        timecode(-1, Fraction(25))


def test_only_ntsc_rates_drop() -> None:
    assert [drops(rate) for rate in RATES] == [False] * 4 + [True, False, False, True, False]


def test_times_rounded_to_milliseconds_find_their_frame() -> None:
    for frame in range(0, 100_000, 7):
        rounded = Fraction(round(frame / NTSC * 1000), 1000)
        assert frame_at(rounded, NTSC) == frame
