"""Calibration: thresholds reach their targets, areas and intervals are those of their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dino_analytics.core.sets.calibration import (
    area,
    choose_threshold,
    cross_validated,
    errors_at,
    intervals,
    needed,
    roc,
    wilson,
)


def scored(seed: int, count: int = 200, apart: float = 20.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    same = np.arange(count) % 2 == 0
    scores = np.clip(np.round(np.where(same, 50 + apart, 50 - apart) + random.normal(0, 15, count), 1), 0, 100)
    return scores, same


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), rate=st.sampled_from([0.01, 0.05, 0.1, 0.3]))
def test_target_rates_are_kept_and_not_undercut_for_nothing(seed: int, rate: float):
    scores, same = scored(seed, apart=8.0)
    false = choose_threshold(scores, same, "false_positive_rate", rate)
    assert errors_at(scores, same, false).false_positive <= rate
    # A lower threshold between the scores would let too many pass, or win nothing.
    lower = scores[scores < false]
    if len(lower):
        worse = errors_at(scores, same, lower.max())
        assert worse.false_positive > rate or worse.false_negative == errors_at(scores, same, false).false_negative
    missed = choose_threshold(scores, same, "false_negative_rate", rate)
    assert errors_at(scores, same, missed).false_negative <= rate


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_equal_error_and_accuracy_do_what_they_say(seed: int):
    scores, same = scored(seed)
    equal = errors_at(scores, same, choose_threshold(scores, same, "equal_error"))
    assert abs(equal.false_positive - equal.false_negative) <= 0.02
    best = errors_at(scores, same, choose_threshold(scores, same, "accuracy"))
    for cut in np.arange(0, 100.1, 0.5):
        other = errors_at(scores, same, cut)
        assert best.false_positive + best.false_negative <= other.false_positive + other.false_negative + 1e-9


def test_threshold_lies_in_the_middle_of_a_gap():
    scores = np.array([10.0, 20, 30, 40, 60, 80, 85, 90])
    same = scores > 50
    assert choose_threshold(scores, same, "accuracy") == pytest.approx(50.0)


def test_order_of_the_pairs_does_not_matter():
    scores, same = scored(3)
    order = np.random.default_rng(0).permutation(len(scores))
    for target in ("equal_error", "accuracy"):
        assert choose_threshold(scores, same, target) == choose_threshold(scores[order], same[order], target)


def test_area_counts_pairs_of_pairs():
    scores, same = scored(5, 60)
    wins = [(a > b) + 0.5 * (a == b) for a, b in itertools.product(scores[same], scores[~same])]
    assert area(scores, same) == pytest.approx(np.mean(wins))
    assert area(scores, ~same) == pytest.approx(1 - area(scores, same))


def test_roc_runs_from_everything_passes_to_nothing_passes():
    points = roc(*scored(1))
    assert points[0][1:] == (1.0, 1.0)
    assert points[-1][1:] == (0.0, 0.0)
    assert [p[0] for p in points] == sorted(p[0] for p in points)
    assert len(roc(*scored(1, 5000))) <= 200


def test_intervals_hold_the_values_and_shrink_with_more_assets():
    widths = []
    for count in (60, 1000):
        scores, same = scored(2, count)
        units = [(f"a{n}", f"b{n}") for n in range(count)]
        (low, high), (cut_low, cut_high) = intervals(scores, same, units, "equal_error", None, rounds=100)
        assert low <= area(scores, same) <= high
        assert cut_low <= choose_threshold(scores, same, "equal_error") <= cut_high
        widths.append(high - low)
    assert widths[1] < widths[0]


def test_left_out_errors_are_no_better_than_the_fitted_ones_in_the_mean():
    gaps = []
    for seed in range(15):
        scores, same = scored(seed, 60, apart=5.0)
        units = [(f"a{n}", f"b{n}") for n in range(60)]
        fitted = errors_at(scores, same, choose_threshold(scores, same, "accuracy"))
        left_out = cross_validated(scores, same, units, "accuracy", None)
        gaps.append(fitted.accuracy - left_out.accuracy)
    assert np.mean(gaps) > 0


def test_pairs_that_share_assets_stay_in_one_fold_or_are_dealt_evenly():
    scores, same = scored(0, 40)
    everyone_shares = [("hub", f"b{n}") for n in range(40)]
    assert 0 <= cross_validated(scores, same, everyone_shares, "equal_error", None).false_positive <= 1


def test_wilson_interval_is_the_textbooks():
    assert wilson(0.1, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0.0, 10)[0] == 0.0


def test_small_rates_need_many_pairs():
    assert needed("false_positive_rate", 0.01, 5) == (5, 100)
    assert needed("false_negative_rate", 0.3, 5) == (5, 5)
    assert needed("equal_error", None, 5) == (5, 5)
