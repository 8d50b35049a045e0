from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from tests.unit.video.films import encoded, moving

from dino_common.bus import codec
from dino_video.core.decode.frames import Frame, frames
from dino_video.core.media.facts import VideoFacts, probe
from dino_video.core.vbench.course import PixelCourse
from dino_video.scoring.findings import Block, Findings, Room, Wanted, measured
from dino_video.stretch.sampling import Sampler, Stretch

WANTED = Wanted(pixels=True, features=True, shots=True)
STRETCH = Stretch(10, None, Fraction(25), Fraction(5))


@pytest.fixture(scope="module")
def film() -> bytes:
    return encoded(moving(4, 90))


@pytest.fixture(scope="module")
def facts(film: bytes) -> VideoFacts:
    return probe(BytesIO(film))


def decoded(film: bytes, facts: VideoFacts, after: Fraction | None = None) -> Iterator[Frame]:
    return frames(BytesIO(film), facts, WANTED.planes, chunk=STRETCH.chunk(after))


def gathered(blocks: Iterator[Block], into: Findings | None = None) -> Findings:
    found = into or Findings()
    for block in blocks:
        vectors = [np.asarray(one, np.float32).mean(axis=(0, 1)) for one in block.pixels]
        found.add(block, vectors, vectors)
    return found


def whole_of(film: bytes, facts: VideoFacts, room: Room | None = None) -> list[Block]:
    return list(measured(decoded(film, facts), WANTED, Sampler(STRETCH), PixelCourse(), 0, room or Room()))


def test_every_frame_is_compared_and_some_are_looked_at(film, facts):
    found = gathered(iter(whole_of(film, facts)))
    assert found.times[0] == Fraction(10, 25)
    assert len(found.times) == len(found.steady) == 80
    assert math.isnan(found.steady[0])
    assert min(found.steady[1:]) > 0.5
    assert [number for number, _ in found.smooth] == list(range(1, 79, 2))
    assert found.sampled == list(range(0, 80, 5))


def test_another_worker_finds_the_same_after_any_block(film, facts):
    blocks = whole_of(film, facts)
    whole = gathered(iter(blocks))
    assert len(blocks) >= 2
    for kept in range(1, len(blocks)):
        first = gathered(iter(blocks[:kept]))
        again = Findings()
        again.extend(codec.unpack(codec.pack(first.saved([b for one in blocks[:kept] for b in one.thumbnails]))))
        sampler = Sampler(STRETCH)
        sampler.takes(again.times[again.sampled[-1]])
        count = len(again.times)
        course = PixelCourse(count, list(again.held))
        rest = measured(decoded(film, facts, again.times[-1]), WANTED, sampler, course, count, Room())
        found = gathered(rest, again)
        assert found.times == whole.times
        assert found.steady[1:] == whole.steady[1:]
        assert found.smooth == whole.smooth
        assert found.sampled == whole.sampled
        np.testing.assert_array_equal(found.vectors, whole.vectors)


def test_what_there_is_no_room_for_is_left_out_and_said(film, facts):
    blocks = whole_of(film, facts, Room(frames=33))
    assert sum(len(block.times) for block in blocks) == 33
    assert blocks[-1].left_out == Fraction(43, 25)
    blocks = whole_of(film, facts, Room(looked_at=8))
    assert sum(len(block.sampled) for block in blocks) == 8
    assert blocks[-1].left_out == Fraction(50, 25)
