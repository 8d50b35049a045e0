"""Patterns: the map keeps neighbours, the lonely are outliers, few stand for many, the rare are gaps."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.analytics.sets.made import planted, unit

from dino_analytics.core.sets.flat_map import flat_map
from dino_analytics.core.sets.neighbours import nearest_neighbours
from dino_analytics.core.sets.spread import coverage, gaps, percentile, spread_of
from dino_analytics.core.sets.works import WORKS


def test_map_keeps_groups_apart_and_is_the_same_twice():
    rows, truth = planted([30, 30, 30])
    places, placed = flat_map(rows)
    assert placed == 90
    np.testing.assert_array_equal(places, flat_map(rows)[0])
    assert places.min() >= 0
    assert places.max() <= 1
    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + 10 * np.eye(90)
    assert (truth[distance.argmin(axis=1)] == truth).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 7])
def test_small_sets_have_a_map(count: int):
    places, _ = flat_map(planted([7])[0][:count])
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_equal_pictures_share_a_place():
    places, _ = flat_map(np.repeat(planted([1])[0], 9, axis=0))
    assert np.ptp(places) < 1e-6


def test_the_loneliest_is_the_outlier_and_the_most_unique():
    rows, _ = planted([40, 40], noise=0.3)
    rows = np.concatenate([rows, unit(np.random.default_rng(9).normal(size=(1, rows.shape[1])))])
    spread = spread_of(rows, nearest_neighbours(rows, 10), 0.6)
    assert np.flatnonzero(spread.outlier).tolist() == [80]
    assert spread.uniqueness.argmax() == 80
    assert spread.uniqueness[80] == 100
    assert spread.representativeness[80] < 20


def test_diversity_is_one_minus_the_mean_cosine_of_pairs():
    rows, _ = planted([5, 6], noise=0.8)
    cosines = rows.astype(np.float64) @ rows.T
    mean = (cosines.sum() - 11) / 110
    assert spread_of(rows, nearest_neighbours(rows, 3), 0.5).diversity == pytest.approx(100 * (1 - mean), abs=1e-3)


def test_one_picture_of_each_group_covers_all():
    rows, truth = planted([40, 20, 10], noise=0.2)
    chosen, covered = coverage(rows, 0.7)
    assert sorted(truth[chosen]) == [0, 1, 2]
    assert truth[chosen[0]] == 0
    assert covered == pytest.approx([4 / 7, 6 / 7, 1.0])


def test_gaps_are_the_kinds_with_few_pictures():
    rows, truth = planted([40, 30, 2], noise=0.2)
    centres = unit(np.stack([rows[truth == n].mean(axis=0) for n in (0, 1)]))
    found = gaps(rows, nearest_neighbours(rows, 10), 0.7, centres)
    assert [gap.members.tolist() for gap in found] == [[70, 71]]


def test_percentiles_count_ties_half():
    np.testing.assert_allclose(percentile(np.array([1.0, 2.0, 2.0, 3.0])), [0, 50, 50, 100])
    np.testing.assert_allclose(percentile(np.array([4.0])), [50])


@pytest.mark.parametrize("count", [0, 1, 2, 4, 30])
def test_whole_works_take_sets_of_any_size(count: int):
    rows = planted([20, 20])[0][:count]
    told: list[float] = []
    for work, options in (
        ("clusters", {"method": "density", "k": None, "min_size": 3, "alike": 0.5}),
        ("clusters", {"method": "kmeans", "k": None, "min_size": None, "alike": 0.5}),
        ("candidates", {"min_cosine": 0.5}),
        ("patterns", {"neighbours": 5, "min_size": 3, "alike": 0.5, "seed": 0}),
    ):
        WORKS[work](rows, options, lambda share, stage: told.append(share))
    assert all(0 <= share <= 1 for share in told)
