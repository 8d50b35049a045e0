"""Agreement of two versions' neighbours: each set only within itself, whatever its dimension or rotation."""

from __future__ import annotations

import numpy as np
import pytest

from dino_analytics.core.agreement import neighbour_agreement


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clouds(seed: int, dimension: int, spread: float = 0.05) -> np.ndarray:
    """Ten clouds of ten items each."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(size=(10, dimension)), 10, axis=0)
    return unit(centres + spread * rng.normal(size=centres.shape))


def test_rotated_features_agree_completely():
    rows = clouds(1, 16)
    rotation, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(16, 16)))
    agreement, neighbours = neighbour_agreement(rows, unit(rows @ rotation), 5)
    assert agreement == pytest.approx(1.0, abs=0.01)
    assert neighbours == 5


def test_versions_with_the_same_subjects_but_other_dimensions_agree_on_them():
    agreement, _ = neighbour_agreement(clouds(1, 16), clouds(2, 48), 9)
    assert agreement is not None
    assert agreement > 0.98


def test_unrelated_features_agree_by_chance():
    rng = np.random.default_rng(3)
    agreement, neighbours = neighbour_agreement(unit(rng.normal(size=(200, 16))), unit(rng.normal(size=(200, 16))), 10)
    assert neighbours == 10
    assert agreement == pytest.approx(10 / 199, abs=0.02)


@pytest.mark.parametrize(("items", "expected"), [(3, 1), (4, 1), (11, 5), (50, 10)])
def test_no_more_than_half_of_the_others_are_neighbours(items, expected):
    rows = clouds(1, 8)[:items]
    assert neighbour_agreement(rows, rows, 10) == (1.0, expected)


@pytest.mark.parametrize("items", [0, 1, 2])
def test_too_few_items_say_nothing(items):
    rows = clouds(1, 8)[:items]
    assert neighbour_agreement(rows, rows, 10) == (None, 0)


def test_other_items_are_refused():
    with pytest.raises(ValueError, match="are not"):
        neighbour_agreement(clouds(1, 8), clouds(1, 8)[:50], 3)
