"""Named detectors on small films, from the file to the boundaries."""

from __future__ import annotations

import io
import itertools
import sys
from fractions import Fraction

import numpy as np
import pytest
from tests.unit.video import films

from dino_common.errors import InvalidRequest
from dino_video.core.decode.chunks import Chunk
from dino_video.core.decode.run import decode
from dino_video.core.media.facts import probe
from dino_video.core.shots.boundaries import Boundary
from dino_video.core.shots.cues import CueMeter
from dino_video.core.shots.detectors import pyscenedetect
from dino_video.core.shots.detectors.interface import DetectorOptions
from dino_video.core.shots.detectors.learned import LearnedDetector
from dino_video.core.shots.detectors.named import NAMES, detector
from dino_video.core.shots.detectors.transnet import boundaries_of, own_threshold
from dino_video.core.shots.kept import ThumbnailKeeper, unpack


def shot(seed: int, count: int, speed: float = 0.5) -> list[np.ndarray]:
    return films.moving(seed, count, 192, 108, speed)


def mix(old: list[np.ndarray], new: list[np.ndarray]) -> list[np.ndarray]:
    count = len(old)
    return [
        (a + (b.astype(np.float32) - a) * (n + 1) / (count + 1)).astype(np.uint8)
        for n, (a, b) in enumerate(zip(old, new, strict=True))
    ]


def found_in(film: bytes, name: str = "default", threshold: float = 0.3) -> list[Boundary]:
    facts = probe(io.BytesIO(film))
    chosen = detector(name, DetectorOptions(threshold, facts.rate))
    decode(io.BytesIO(film), facts, [chosen])
    return chosen.finish()


@pytest.fixture(scope="module")
def three_cuts() -> bytes:
    return films.encoded(itertools.chain(shot(1, 40), shot(2, 50), shot(3, 30), shot(4, 45)))


def test_default_finds_the_cuts_and_nothing_else(three_cuts: bytes) -> None:
    assert [(item.kind, item.first) for item in found_in(three_cuts)] == [("cut", 40), ("cut", 90), ("cut", 120)]


@pytest.mark.parametrize("name", ["content", "adaptive", "hash"])
def test_scenedetect_detectors_find_the_cuts(name: str, three_cuts: bytes) -> None:
    places = [item.first for item in found_in(three_cuts, name)]
    assert len(places) == 3
    assert all(abs(a - b) <= 2 for a, b in zip(places, (40, 90, 120), strict=True))


def test_default_finds_a_dissolve_with_its_extent() -> None:
    old, new = shot(5, 70), shot(6, 75)
    film = films.encoded([*old[:50], *mix(old[50:], new[:20]), *new[20:]])
    (item,) = found_in(film)
    assert item.kind == "dissolve"
    assert abs(item.first - 50) <= 4
    assert abs(item.last - 69) <= 4


def test_default_finds_a_fade_through_black() -> None:
    old, new = shot(7, 60), shot(8, 60)
    black = [np.zeros_like(old[0])] * 12
    film = films.encoded([*old[:48], *mix(old[48:], black), *black[:3], *mix(black, new[:12]), *new[12:]])
    (item,) = found_in(film)
    assert item.kind == "fade"
    assert 44 <= item.first < item.middle < item.last <= 80


def test_flashes_shake_and_pans_are_no_boundaries() -> None:
    pictures = shot(9, 120, speed=1.5)
    for place in (30, 31, 70):
        pictures[place] = (pictures[place] + (255 - pictures[place].astype(np.float32)) * 0.6).astype(np.uint8)
    random = np.random.default_rng(0)
    pictures = [np.roll(picture, tuple(random.integers(-2, 3, 2)), (0, 1)) for picture in pictures]
    assert found_in(films.encoded(pictures)) == []


def test_threshold_at_the_top_finds_fewer(three_cuts: bytes) -> None:
    assert len(found_in(three_cuts, threshold=0.999)) <= len(found_in(three_cuts, threshold=0.05))
    assert len(found_in(three_cuts, threshold=0.05)) >= 3


def test_cuts_of_a_fast_film_are_found_to_the_frame() -> None:
    film = films.encoded([*shot(1, 75, 0.2), *shot(2, 81, 0.2), *shot(3, 80, 0.2)], rate=60)
    assert [item.first for item in found_in(film)] == [75, 156]


@pytest.mark.parametrize("bounds", [[0, 1], [0, 2, 5], [0, 1, 2, 3, 4, 5, 6]])
def test_boundaries_are_the_same_for_any_chunking(bounds: list[int], three_cuts: bytes) -> None:
    """Workers keep thumbnails of their chunks; scoring them in order gives what one pass gives."""
    facts = probe(io.BytesIO(three_cuts))
    ends = [Fraction(bound) for bound in bounds[1:]]
    spans = [
        Chunk(n, Fraction(a), b) for n, (a, b) in enumerate(zip(map(Fraction, bounds), [*ends, None], strict=True))
    ]
    kept: dict[int, bytes] = {}
    for chunk in reversed(spans):
        keeper = ThumbnailKeeper()
        decode(io.BytesIO(three_cuts), facts, [keeper], chunk=chunk)
        kept[chunk.number] = keeper.finish().pack()
    chosen = LearnedDetector(DetectorOptions(rate=facts.rate))
    times: list[Fraction] = []
    for number in sorted(kept):
        part = unpack(kept[number])
        times.extend(part.times)
        for thumbnail in part.thumbnails:
            chosen.add(thumbnail)
    assert times == [Fraction(n, 25) for n in range(165)]
    assert chosen.finish() == found_in(three_cuts)


def test_kept_thumbnails_of_no_frames_come_back() -> None:
    found = unpack(ThumbnailKeeper().finish().pack())
    assert found.times == ()
    assert found.thumbnails.shape == (0, 27, 48, 3)


def test_cues_tell_black_frames_of_a_film() -> None:
    pictures = shot(1, 20)
    film = films.encoded([*([np.zeros_like(pictures[0])] * 10), *pictures, *([np.zeros_like(pictures[0])] * 5)])
    facts = probe(io.BytesIO(film))
    meter = CueMeter(float(facts.rate))
    decode(io.BytesIO(film), facts, [meter])
    assert [(item.first, item.last) for item in meter.finish().black] == [(0, 9), (30, 34)]


def test_unknown_names_and_thresholds_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="no shot detector is called magic; there are default, content"):
        detector("magic")
    for threshold in (0, 1, -3, float("nan")):
        with pytest.raises(InvalidRequest, match="between 0 and 1"):
            detector("default", DetectorOptions(threshold))
    assert NAMES[0] == "default"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scenedetect", None)
    for name in pyscenedetect.NAMES:
        with pytest.raises(InvalidRequest, match="needs the package scenedetect"):
            detector(name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InvalidRequest, match="needs the package torch"):
        detector("transnetv2")


def test_transnet_scores_become_boundaries() -> None:
    single, many = np.zeros(100, np.float32), np.zeros(100, np.float32)
    single[29], many[29] = 0.9, 0.9
    single[60:62], many[52:70] = 0.8, 0.9
    one, two = boundaries_of(single, many, 0.5, 0.3)
    assert (one.kind, one.first) == ("cut", 30)
    assert (two.kind, two.first, two.last) == ("gradual", 52, 69)
    assert own_threshold(0.3) == pytest.approx(0.5)
    assert own_threshold(0.999) < 1
