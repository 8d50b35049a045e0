"""A remote object read as a file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.video import films

from dino_video.core.decode.frames import frames
from dino_video.core.decode.planes import Plane
from dino_video.core.media.facts import probe
from dino_video.core.media.reader import RangeReader

DATA = bytes(range(256)) * 8


@given(
    st.lists(st.tuples(st.integers(0, 2100), st.integers(0, 300)), max_size=30), st.integers(1, 64), st.integers(1, 4)
)
def test_reads_the_same_bytes_as_a_file(steps: list[tuple[int, int]], block: int, kept: int) -> None:
    asked: list[int] = []

    def fetch(first: int, count: int) -> bytes:
        asked.append(count)
        return DATA[first : first + count]

    ours = io.BufferedReader(RangeReader(fetch, len(DATA), block=block, kept=kept), buffer_size=16)
    plain = io.BytesIO(DATA)
    for place, count in steps:
        assert ours.seek(place) == plain.seek(place)
        assert ours.read(count) == plain.read(count)
    assert all(count <= block for count in asked)


def test_a_film_is_decoded_from_ranges_with_few_requests() -> None:
    film = films.encoded(films.moving(1, 50))
    requests: list[int] = []

    def fetch(first: int, count: int) -> bytes:
        requests.append(first)
        return film[first : first + count]

    def reader() -> RangeReader:
        return RangeReader(fetch, len(film), block=4096, kept=4)

    plane = Plane("gray", exact=(48, 27))
    found = [frame.time for frame in frames(reader(), probe(reader()), (plane,))]
    assert len(found) == 50
    assert len(requests) < 6 * (len(film) // 4096 + 1)


def test_an_object_that_became_shorter_is_an_error() -> None:
    reader = RangeReader(lambda first, count: b"", 100)
    with pytest.raises(OSError, match="ended at byte 0 of 100"):
        reader.read(10)


def test_a_store_that_fails_in_the_middle_is_no_damaged_film() -> None:
    film = films.encoded(films.moving(1, 200), container="matroska", options={"g": "10"})
    facts = probe(io.BytesIO(film))

    def fetch(first: int, count: int) -> bytes:
        if first > len(film) // 2:
            raise ConnectionError("the store is gone")
        return film[first : first + count]

    with pytest.raises(ConnectionError, match="the store is gone"):
        list(frames(RangeReader(fetch, len(film), block=4096), facts, (Plane("gray", exact=(48, 27)),)))
