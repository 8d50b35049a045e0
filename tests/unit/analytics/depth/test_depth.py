"""Light, framing and patches as functions of arrays."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from dino_analytics.core.depth.framing import cropped, framing
from dino_analytics.core.depth.relight import LIGHTS, balanced, evened, relit
from dino_analytics.core.depth.separate import separate
from dino_analytics.core.depth.words import explanation
from dino_analytics.core.patch_agreement import agreement, regions


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def grid(rows: int, columns: int, seed: int = 0, dimension: int = 64) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(rows, columns, dimension)))


def test_a_picture_agrees_with_itself_everywhere():
    patches = grid(6, 8)
    found = agreement(patches, patches)
    assert found.mutual_share == 1
    assert found.mutual_cosine == pytest.approx(1, abs=1e-5)
    assert found.score == pytest.approx(1, abs=1e-5)


@given(seed=st.integers(0, 1000), rows=st.integers(1, 6), columns=st.integers(1, 6), others=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_agreement_is_the_same_both_ways_and_within_bounds(seed, rows, columns, others):
    first, second = grid(rows, columns, seed), grid(others, columns, seed + 1)
    forth, back = agreement(first, second), agreement(second, first)
    assert forth.mutual_share == back.mutual_share
    assert forth.score == pytest.approx(back.score, abs=1e-6)
    assert 0 <= forth.score <= 1
    assert 0 < forth.mutual_share <= 1
    assert forth.first_map == pytest.approx(back.second_map, abs=1e-5)


def test_what_was_changed_is_the_region_that_matches_least():
    first = grid(9, 9)
    second = first.copy()
    second[6:9, 0:3] = grid(3, 3, seed=5)
    found = agreement(first, second)
    assert regions(found.second_map)[0].name == "lower left"
    assert regions(found.second_map)[-1].match > 0.9
    assert {region.name for region in regions(found.first_map)} == {
        "upper left", "upper middle", "upper right", "left", "centre", "right", "lower left", "lower middle",
        "lower right",
    }  # fmt: skip


def test_grids_of_different_models_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        agreement(grid(2, 2), grid(2, 2, dimension=32))


def moved(zoom: float, shift: tuple[float, float], side: int = 16) -> np.ndarray:
    """Pairs of patches of two square pictures, the second zoomed and shifted."""
    pairs = []
    for row, column in itertools.product(range(side), repeat=2):
        y, x = (row + 0.5) / side * zoom + shift[1], (column + 0.5) / side * zoom + shift[0]
        if 0 <= x < 1 and 0 <= y < 1:
            pairs.append((row * side + column, int(y * side) * side + int(x * side)))
    return np.array(pairs)


@pytest.mark.parametrize(
    ("zoom", "shift"), [(1.0, (0.0, 0.0)), (1.6, (-0.2, -0.1)), (0.6, (0.2, 0.3)), (1.0, (0.25, 0))]
)
def test_zoom_and_shift_are_found_among_wrong_pairs(zoom, shift):
    pairs = moved(zoom, shift)
    random = np.random.default_rng(3)
    wrong = random.integers(0, 256, (len(pairs) // 2, 2))
    found = framing(np.concatenate([pairs, wrong]), (16, 16), (16, 16), (1.0, 1.0))
    assert found is not None
    assert found.zoom == pytest.approx(zoom, abs=0.08)
    assert found.shift_x == pytest.approx(0.5 * zoom + shift[0] - 0.5, abs=0.05)
    assert found.shift_y == pytest.approx(0.5 * zoom + shift[1] - 0.5, abs=0.05)
    assert found.same == (zoom == 1.0 and shift == (0.0, 0.0))


def test_unrelated_pairs_have_no_common_framing():
    pairs = np.random.default_rng(4).integers(0, 256, (80, 2))
    assert framing(pairs, (16, 16), (16, 16), (1.0, 1.0)) is None
    assert framing(pairs[:5], (16, 16), (16, 16), (1.0, 1.0)) is None


def test_a_part_has_at_least_sixteen_pixels_a_side():
    picture = np.zeros((100, 50, 3), dtype=np.uint8)
    assert cropped(picture, (0.9, 0.9, 0.91, 0.91)).shape == (16, 16, 3)
    assert cropped(picture, (0.0, 0.5, 1.0, 1.0)).shape == (50, 50, 3)


def difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


def test_balancing_takes_exposure_and_the_lamps_colour_out():
    picture = data.astronaut()
    warm = np.clip(picture * np.array([0.6, 0.45, 0.25]), 0, 255).astype(np.uint8)
    assert difference(balanced(picture), balanced(warm)) < difference(picture, warm) / 3


def test_evening_takes_a_side_light_out():
    picture = data.astronaut()
    ramp = np.linspace(0.35, 1.0, picture.shape[1])[None, :, None]
    lit = (picture * ramp).astype(np.uint8)
    assert difference(evened(picture), evened(lit)) < difference(picture, lit) / 2


@pytest.mark.parametrize(
    "picture", [np.zeros((20, 30, 3)), np.full((16, 16, 3), 255), np.eye(32)[:, :, None] * np.full(3, 255)]
)
def test_extreme_pictures_stay_pictures(picture):
    made = relit(picture.astype(np.uint8))
    assert len(made) == LIGHTS
    for one in made:
        assert one.dtype == np.uint8
        assert one.shape == picture.shape


def test_shares_add_up_and_light_explains_what_light_changed():
    random = np.random.default_rng(8)
    thing = unit(random.normal(size=64))
    # As they are the two differ; under neutral light they do not.
    first = unit(np.stack([thing, thing, thing]))
    second = unit(np.stack([thing + 0.2 * random.normal(size=64), thing, thing]))
    found = separate(first, second)
    assert found.lighting_share > 0.5
    assert found.framing_share == 0
    assert found.lighting_share + found.framing_share + found.identity_share == pytest.approx(1)
    assert found.identity > found.cosine


def test_a_crop_that_loses_the_likeness_takes_nothing_away():
    whole = unit(np.random.default_rng(1).normal(size=(3, 64)))
    part, other = grid(1, 3, 2)[0], grid(1, 3, 3)[0]
    assert separate(whole, whole, part, other).identity == pytest.approx(1, abs=1e-5)


def test_equal_pictures_have_nothing_to_explain():
    same = unit(np.ones((3, 8)))
    found = separate(same, same)
    assert (found.lighting_share, found.framing_share, found.identity_share) == (0, 0, 0)


def test_the_words_name_light_and_framing_that_explain_something():
    random = np.random.default_rng(8)
    thing = unit(random.normal(size=64))
    changed = unit(np.stack([thing + 0.2 * random.normal(size=64), thing, thing]))
    found = separate(unit(np.stack([thing] * 3)), changed)
    words = explanation(
        found, 98, 70, stops=-1.5, directions=("left", "right"), temperatures=("unknown", "warm"), zoom=None
    )
    assert "1.5 stops darker" in words
    assert "lit from right instead of left" in words
    assert "its light is" not in words
    assert "the same identity" in words


def test_resizing_a_picture_moves_no_box():
    assert cropped(cv2.resize(data.astronaut(), (64, 64)), (0.25, 0.25, 0.75, 0.75)).shape == (32, 32, 3)
