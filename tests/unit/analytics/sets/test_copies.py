"""Copies: what coding, size, crop, colour and mirror do is seen through, what another picture is is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.unit.analytics.sets.made import planted, scene

from dino_analytics.core.sets.copies import CopyFacts, Groups, best_copy, candidate_pairs
from dino_analytics.core.sets.prints import compare_prints, make_print

MATCH = 0.93


def coded(picture: np.ndarray, quality: int) -> np.ndarray:
    ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


CHANGES = {
    "coded": (lambda p: coded(p, 30), "same_frame"),
    "half": (lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), "same_frame"),
    "double": (lambda p: cv2.resize(p, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), "same_frame"),
    "brighter": (lambda p: np.clip(p * 1.25 + 10, 0, 255).astype(np.uint8), "recoloured"),
    "mirrored": (lambda p: np.ascontiguousarray(p[:, ::-1]), "mirrored"),
    "part": (lambda p: p[30:210, 50:290], "cropped"),
    "small part": (lambda p: p[40:200, 60:220], "cropped"),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("change", CHANGES)
def test_copies_are_known_by_what_was_done_to_them(change: str, seed: int):
    how, relation = CHANGES[change]
    original = scene(seed)
    one, other = make_print(original), make_print(how(original))
    for first, second in ((one, other), (other, one)):
        fit = compare_prints(first, second, MATCH)
        assert fit is not None
        assert fit.relation == relation
        assert MATCH <= fit.match <= 1


@pytest.mark.parametrize("seed", range(6))
def test_other_pictures_are_no_copies(seed: int):
    assert compare_prints(make_print(scene(seed)), make_print(scene(seed + 100)), MATCH) is None


@pytest.mark.parametrize("seed", range(4))
def test_a_thing_that_moved_makes_another_picture(seed: int):
    here, there = scene(seed), scene(seed)
    cv2.circle(here, (90, 120), 45, (250, 30, 30), -1)
    cv2.circle(there, (200, 130), 45, (250, 30, 30), -1)
    assert compare_prints(make_print(here), make_print(there), MATCH) is None


def test_plain_pictures_are_copies_only_of_their_own_grey():
    grey, black = np.full((100, 100, 3), 128, np.uint8), np.zeros((100, 100, 3), np.uint8)
    assert compare_prints(make_print(grey), make_print(grey), MATCH) is not None
    assert compare_prints(make_print(grey), make_print(black), MATCH) is None


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (400, 2, 3), (9, 8, 3)])
def test_pictures_of_odd_shapes_have_prints(shape: tuple[int, int, int]):
    made = make_print(np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8))
    assert compare_prints(made, made, MATCH) is not None
    assert compare_prints(made, make_print(scene(0)), MATCH) is None


def test_candidates_are_the_pairs_above_the_cosine_best_first():
    rows, truth = planted([5, 4, 3], noise=0.1)
    pairs, cosine = candidate_pairs(rows, 0.8)
    expected = {(i, j) for i in range(12) for j in range(i + 1, 12) if truth[i] == truth[j]}
    assert {tuple(pair) for pair in pairs.tolist()} == expected
    assert (np.diff(cosine) <= 0).all()


def test_groups_join_through_others():
    groups = Groups(6)
    groups.join(4, 2)
    groups.join(5, 4)
    assert groups.together(2, 5)
    assert groups.all() == [[0], [1], [2, 4, 5], [3]]


def facts(name: str, pixels: int = 1000, size: int = 100, quality: float | None = 50.0, day: float = 1.0) -> CopyFacts:
    return CopyFacts(name, pixels, size, quality, day)


@pytest.mark.parametrize(
    ("better", "words"),
    [
        ({"pixels": 2000, "quality": 10.0, "size": 1}, "most pixels"),
        ({"quality": 60.0, "size": 1}, "quality"),
        ({"size": 200}, "least compressed"),
        ({"day": 0.5}, "uploaded first"),
    ],
)
def test_best_copy_says_why(better: dict, words: str):
    copies = [facts("a"), facts("b", **better), facts("c")]
    at, reason = best_copy(copies)
    assert at == 1
    assert words in reason
    assert best_copy(copies[::-1]) == (1, reason)
