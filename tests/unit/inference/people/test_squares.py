"""Squares cover the picture, and what is cut out of them lies where it lay."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_inference.core.people.squares import Square, cut, squares, turned


@given(st.integers(16, 1024), st.integers(16, 1024), st.integers(1, 3))
def test_every_level_covers_the_picture(width: int, height: int, levels: int) -> None:
    if max(width, height) > 8 * min(width, height):
        return
    found = squares(width, height, levels)
    for side in {square.side for square in found}:
        covered = np.zeros((height, width), bool)
        for square in found:
            if square.side == side:
                left, top = max(0, math.floor(square.x)), max(0, math.floor(square.y))
                covered[top : math.ceil(square.y + side), left : math.ceil(square.x + side)] = True
        assert covered.all()


def test_a_square_picture_is_looked_at_once_on_the_first_two_levels() -> None:
    assert squares(300, 300, 2) == [Square(0, 0, 300)]


def test_a_wide_picture_is_looked_at_whole_and_in_squares_that_share_half() -> None:
    assert squares(400, 200, 2) == [Square(0, -100, 400), Square(0, 0, 200), Square(100, 0, 200), Square(200, 0, 200)]


def test_margins_are_black_and_the_picture_in_the_middle() -> None:
    found = cut(np.full((100, 200, 3), 255, np.uint8), Square(0, -50, 200), 100)
    assert (found[25:75] == 255).all()
    assert (found[:25] == 0).all()
    assert (found[75:] == 0).all()


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2, -2.5])
def test_a_turned_square_maps_back_to_where_it_was_cut(angle: float) -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[118:122, 138:142] = 255
    found, back = turned(picture, (120.0, 110.0), 120.0, angle, 60)
    y, x = np.argwhere(found[..., 0] == found[..., 0].max()).mean(axis=0)
    place = back[:, :2] @ np.array([x, y]) + back[:, 2]
    np.testing.assert_allclose(place, [139.5, 119.5], atol=1.5)


def test_what_leans_to_the_right_stands_upright_once_it_is_turned_by_its_lean() -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    for step in range(60):  # from the middle to the upper right
        picture[100 - step : 103 - step, 100 + step : 103 + step] = 255
    found, _ = turned(picture, (100.0, 100.0), 160.0, math.pi / 4, 80)
    rows, columns = np.nonzero(found[..., 0] > 100)
    assert np.ptp(columns) <= 5
    assert rows.min() < 10
    assert rows.max() < 45
