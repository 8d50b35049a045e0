"""Which shots are compared with which."""

from __future__ import annotations

import numpy as np

from dino_analytics.continuity.pairs import LOOKED_BACK, MOST_PAIRS, _same_scenes
from dino_common.stores.assets import AssetRecord


def keyframe(name: str) -> AssetRecord:
    return AssetRecord(name, "", "", "image/jpeg", "", 1, 64, 48, "JPEG", "image")


def film(scenes: str) -> tuple[list[int], dict[int, list[AssetRecord]], dict[str, np.ndarray]]:
    """One shot a letter; shots of the same letter show the same scene."""
    numbers = list(range(1, len(scenes) + 1))
    shots = {number: [keyframe(str(number))] for number in numbers}
    axes = {letter: np.eye(26, dtype=np.float32)[ord(letter) - 97] for letter in scenes}
    return numbers, shots, {str(number): axes[letter] for number, letter in zip(numbers, scenes, strict=True)}


def paired(scenes: str) -> list[tuple[int, int]]:
    return [(int(a.asset_id), int(b.asset_id)) for a, b in _same_scenes(*film(scenes)).pairs]


def test_shots_of_a_dialogue_are_compared_with_the_last_of_their_own_set_up():
    assert paired("ababa") == [(1, 3), (2, 4), (3, 5)]


def test_neighbours_of_one_scene_are_compared_and_a_shot_alone_is_told():
    found = _same_scenes(*film("aabcc"))
    assert paired("aabcc") == [(1, 2), (4, 5)]
    assert found.alone == [1, 3, 4]


def test_a_scene_that_comes_back_late_is_another_one():
    assert paired("a" + "bcdefg"[:LOOKED_BACK] + "a") == []


def test_pairs_beyond_the_most_are_left_out_and_counted():
    found = _same_scenes(*film("a" * (MOST_PAIRS + 6)))
    assert len(found.pairs) == MOST_PAIRS
    assert found.left_out == 5


def test_the_keyframes_that_are_most_alike_stand_for_their_shots():
    numbers, shots, vectors = film("ab")
    shots[1] = [keyframe("1"), keyframe("late")]
    vectors["late"] = vectors["2"]
    (pair,) = _same_scenes(numbers, shots, vectors).pairs
    assert (pair[0].asset_id, pair[1].asset_id) == ("late", "2")
