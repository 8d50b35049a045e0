"""What is gone, new or of another colour between two pictures, and what is none of it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.analytics.continuity.scenes import Disc, turned, view

from dino_analytics.core.continuity.alignment import mapped
from dino_analytics.core.continuity.compare import Look, compare

PLACE = (360, 250)
RED, BLUE = (200, 40, 40), (40, 60, 200)


def holds(box: tuple[float, float, float, float], centre: tuple[int, int] = PLACE) -> bool:
    """Whether a box is about the disc: its middle in it, and not the whole picture around it."""
    x, y = centre[0] / 512, centre[1] / 384
    small = (box[2] - box[0]) < 0.35 and (box[3] - box[1]) < 0.45
    return box[0] < x < box[2] and box[1] < y < box[3] and small


@pytest.mark.parametrize("scene", ["coffee", "astronaut", "chelsea"])
def test_what_is_taken_away_vanishes_where_it_was(scene):
    found = compare(view(scene, Disc(PLACE, RED)), view(scene, noise=1)).differences
    assert found[0].kind == "vanished"
    assert found[0].confidence > 0.5
    assert holds(found[0].boxes[0])


def test_what_is_put_in_appears_also_when_the_camera_has_turned():
    warp = turned(0.03)
    found = compare(view("coffee"), view("coffee", Disc(PLACE, RED), warp=warp, noise=1)).differences
    assert found[0].kind == "appeared"
    assert found[0].confidence > 0.5
    x, y = mapped(warp, np.array([[PLACE[0] / 512, PLACE[1] / 384]], np.float32))[0]
    assert holds(found[0].boxes[1], (round(x * 512), round(y * 384)))


def test_what_is_painted_over_is_recoloured_in_both():
    found = compare(view("coffee", Disc(PLACE, RED)), view("coffee", Disc(PLACE, BLUE), noise=1)).differences
    assert found[0].kind == "recoloured"
    assert found[0].confidence > 0.5
    assert found[0].colour > 20
    assert all(holds(box) for box in found[0].boxes)


def test_something_else_in_its_place_is_a_change():
    found = compare(view("coffee", Disc(PLACE, RED)), view("coffee", Disc(PLACE, BLUE, kind=2), noise=1)).differences
    assert found[0].kind == "changed"
    assert found[0].kinship < 0.5
    assert all(holds(box) for box in found[0].boxes)


def test_another_place_in_the_picture_is_a_move():
    found = compare(view("chelsea", Disc((130, 130), RED)), view("chelsea", Disc(PLACE, RED), noise=1)).differences
    moves = [one for one in found if one.kind == "moved"]
    assert len(moves) == 1
    assert holds(moves[0].boxes[0], (130, 130))
    assert holds(moves[0].boxes[1])


def test_the_same_picture_has_no_differences():
    picture = view("coffee", Disc(PLACE, RED))
    found = compare(picture, picture)
    assert [one for one in found.differences if one.confidence >= 0.5] == []
    assert found.alignment.agreement > 0.95
    assert found.comparable[0].mean() > 0.95
    assert found.light_change < 1


@pytest.mark.parametrize("strength", [0.01, 0.04, 0.08])
def test_another_angle_alone_is_no_difference(strength):
    disc = Disc(PLACE, RED)
    found = compare(view("astronaut", disc), view("astronaut", disc, warp=turned(strength), noise=1))
    assert [one for one in found.differences if one.confidence >= 0.5] == []


def test_another_light_alone_is_no_difference():
    first = view("astronaut", Disc(PLACE, RED))
    warm = np.clip(first.picture * np.array([0.85, 0.72, 0.6]), 0, 255).astype(np.uint8)
    found = compare(first, Look(warm, view("astronaut", Disc(PLACE, RED), noise=1).grid))
    assert [one for one in found.differences if one.confidence >= 0.5] == []
    assert found.light_change > 5


def test_two_even_pictures_are_compared_without_a_word():
    grey = np.full((96, 128, 3), 128, np.uint8)
    grid = np.zeros((32, 32, 8), np.float32)
    grid[..., 0] = 1
    found = compare(Look(grey, grid), Look(grey, grid))
    assert found.differences == []
    assert not found.comparable[0].any()
