from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dino_common.look import palette
from dino_common.look.colour_names import colour_name
from dino_common.look.palette import to_lab


def stripes(*parts: tuple[tuple[int, int, int], int]) -> np.ndarray:
    return np.concatenate([np.full((60, width, 3), colour, np.uint8) for colour, width in parts], axis=1)


def test_colours_come_with_names_and_shares() -> None:
    found = palette(stripes(((200, 20, 20), 60), ((20, 60, 210), 30), ((250, 250, 250), 10)))
    assert [one.name for one in found] == ["red", "blue", "white"]
    assert [one.share for one in found] == pytest.approx([0.6, 0.3, 0.1], abs=0.02)
    assert found[0].hex == "#c81414"


def test_shades_that_look_the_same_are_one_colour() -> None:
    found = palette(stripes(((100, 100, 100), 50), ((103, 103, 103), 50)))
    assert len(found) == 1
    assert found[0].share == pytest.approx(1.0)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_shares_fall_and_never_exceed_the_whole(seed: int, count: int) -> None:
    frames = np.random.default_rng(seed).integers(0, 255, (2, 12, 16, 3)).astype(np.uint8)
    found = palette(frames, count)
    shares = [one.share for one in found]
    assert 1 <= len(found) <= count
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.0 + 1e-9
    assert found == palette(frames, count)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((220, 30, 30), "red"),
        ((30, 150, 60), "green"),
        ((10, 25, 80), "navy"),
        ((255, 165, 0), "orange"),
        ((130, 200, 235), "sky blue"),
        ((90, 50, 25), "dark brown"),
        ((128, 0, 128), "purple"),
    ],
)
def test_common_colours_have_their_common_names(rgb: tuple[int, int, int], name: str) -> None:
    light, a, b = (float(v) for v in to_lab(np.array([[rgb]], np.uint8))[0, 0])
    assert colour_name((light, a, b)) == name


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="RGB"):
        palette(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="one colour"):
        palette(np.zeros((4, 4, 3), np.uint8), 0)
