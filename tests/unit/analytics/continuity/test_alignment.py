"""Where the parts of one picture lie in another."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.analytics.continuity.scenes import GRID, features, photograph, warped

from dino_analytics.core.continuity.alignment import align, centres, mapped


@pytest.mark.parametrize("name", ["coffee", "astronaut", "chelsea"])
def test_a_known_turn_of_the_camera_is_found(name):
    first = photograph(name)
    second, shares = warped(first)
    found = align((first, second), (features(first), features(second)))
    assert found.agreement > 0.7
    points = centres(8, 8)
    there, support = found.predicted(points)
    best = there[support.argmax(0), np.arange(len(points))]
    assert np.abs(best - mapped(shares, points)).max() < 0.02


def test_the_way_back_undoes_the_way_there():
    first = photograph()
    second, _ = warped(first)
    found = align((first, second), (features(first), features(second)))
    points = centres(6, 6)
    for forth, back in zip(found.planes, found.turned().planes, strict=True):
        assert np.abs(mapped(back, mapped(forth, points)) - points).max() < 1e-3


def test_two_scenes_do_not_agree():
    first, second = photograph("coffee"), photograph("astronaut")
    found = align((first, second), (features(first), features(second)))
    assert found.agreement < 0.2


def test_an_even_picture_has_no_planes():
    grey = np.full((96, 128, 3), 128, np.uint8)
    flat = np.zeros((GRID, GRID, 8), np.float32)
    flat[..., 0] = 1
    found = align((grey, grey), (flat, flat))
    assert len(found.planes) == 0
    assert found.agreement == 0
