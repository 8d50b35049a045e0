"""Single frames are those of the pass, in whatever order they are asked for."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from tests.unit.video import films

from dino_common.errors import InvalidFileFormat
from dino_video.analysis.stills import LONG_SIDE, Stills
from dino_video.core.decode.frames import frames
from dino_video.core.decode.planes import Plane
from dino_video.core.media.facts import probe
from dino_video.core.media.limits import MediaLimits


@pytest.fixture(scope="module")
def film() -> bytes:
    """Twelve seconds, a key frame every two."""
    return films.encoded(films.moving(3, 300, speed=0.3), options={"g": "50"})


def stills(film: bytes, stop=lambda: False) -> Stills:
    file = io.BytesIO(film)
    return Stills(file, probe(file), MediaLimits(), stop)


@pytest.mark.parametrize(
    "numbers", [[0], [10, 11, 60, 61], [5, 290, 7], [120, 120], [299]], ids=["first", "near", "far", "again", "last"]
)
def test_a_still_is_the_frame_of_the_pass(film: bytes, numbers: list[int]) -> None:
    plane = Plane("rgb", long_side=LONG_SIDE)
    passed = [frame.planes[plane] for frame in frames(io.BytesIO(film), probe(io.BytesIO(film)), [plane])]
    found = stills(film)
    for number in numbers:
        assert np.array_equal(found.at(Fraction(number, 25)), passed[number])


def test_closing_between_changes_nothing(film: bytes) -> None:
    found = stills(film)
    before = found.at(Fraction(40, 25))
    found.close()
    assert np.array_equal(found.at(Fraction(40, 25)), before)


@pytest.mark.parametrize("time", [Fraction(1, 50), Fraction(500)])
def test_a_time_without_a_frame_is_an_error(film: bytes, time: Fraction) -> None:
    found = stills(film)
    with pytest.raises(InvalidFileFormat, match="no frame"):
        found.at(time)
    assert found.at(Fraction(1)).shape == (54, 96, 3)


def test_a_stopped_reader_decodes_nothing(film: bytes) -> None:
    with pytest.raises(InvalidFileFormat):
        stills(film, lambda: True).at(Fraction(1))
