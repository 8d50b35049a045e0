"""Anomalies: distances to the nearest reference patch, scores, thresholds and regions."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.analytics.sets.made import planted, unit

from dino_analytics.core.sets.anomaly import (
    BANK,
    Bank,
    drawn,
    image_score,
    odd_region,
    patch_distances,
    quota,
    threshold_of,
)


def test_distances_are_those_of_brute_force():
    rows, _ = planted([50, 60], noise=0.9)
    bank = Bank(rows[:90], np.arange(90, dtype=np.int32) // 10)
    np.testing.assert_allclose(patch_distances(rows[90:], bank), 1 - (rows[90:] @ rows[:90].T).max(axis=1), atol=1e-5)
    np.testing.assert_allclose(patch_distances(rows[:10], bank), 0, atol=1e-5)
    alone = patch_distances(rows[:10], bank, without=0)
    np.testing.assert_allclose(alone, 1 - (rows[:10] @ rows[10:90].T).max(axis=1), atol=1e-5)


def test_an_empty_bank_is_refused():
    rows, _ = planted([4])
    with pytest.raises(ValueError, match="no reference"):
        patch_distances(rows, Bank(rows, np.zeros(4, np.int32)), without=0)


def test_score_is_the_mean_of_the_top_hundredth():
    values = np.linspace(0, 1, 1000, dtype=np.float32)
    assert image_score(values) == pytest.approx(values[-10:].mean(), abs=1e-6)
    assert image_score(values[:20]) == pytest.approx(values[19], abs=1e-6)
    assert image_score(np.random.default_rng(0).permutation(values)) == pytest.approx(image_score(values))


@pytest.mark.parametrize("pictures", [1, 3, 100, 500, 100_000])
def test_the_bank_never_grows_beyond_its_size(pictures: int):
    each = quota(pictures, 256)
    assert 1 <= each <= 256
    assert each * pictures <= max(BANK, pictures)


def test_the_same_patches_are_drawn_each_time():
    rows, _ = planted([100])
    np.testing.assert_array_equal(drawn(rows, 10, 7), drawn(rows, 10, 7))
    assert len(drawn(rows, 10, 7)) == 10
    assert drawn(rows, 1000, 7) is rows


def test_threshold_stands_above_proper_scores_and_below_odd_ones():
    random = np.random.default_rng(0)
    proper = random.normal(0.2, 0.02, 200)
    found = threshold_of(proper, 0.01)
    assert (proper > found).mean() <= 0.02
    mixed = np.concatenate([proper, np.full(20, 0.6)])
    assert threshold_of(mixed, 0.01) == pytest.approx(found, abs=0.03)
    assert threshold_of(proper, 0.2) < found
    with pytest.raises(ValueError, match="three"):
        threshold_of(proper[:2], 0.01)


def test_region_is_around_the_oddest_patches():
    distances = np.full((16, 16), 0.1, np.float32)
    distances[4:7, 8:12] = 0.8
    distances[15, 0] = 0.7  # odd as well, but elsewhere
    assert odd_region(distances) == (8 / 16, 4 / 16, 12 / 16, 7 / 16)


def test_a_planted_patch_is_the_oddest():
    rows, _ = planted([400, 400], noise=0.6)
    bank = Bank(rows, np.zeros(800, np.int32))
    patches = rows[:100].copy()
    patches[37] = unit(np.random.default_rng(3).normal(size=(1, rows.shape[1])))
    assert patch_distances(patches, bank).argmax() == 37
