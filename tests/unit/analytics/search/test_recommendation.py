"""Directions and scores by examples."""

import numpy as np
import pytest

from dino_analytics.core.recommendation import best_score, wished_direction

X, Y, Z = np.eye(3, dtype=np.float32)
NONE = np.empty((0, 3), np.float32)


def test_without_negatives_the_direction_is_the_mean():
    assert wished_direction(np.stack([X, Y]), NONE) == pytest.approx((X + Y) / np.sqrt(2))


def test_negatives_turn_the_direction_away():
    away = wished_direction(X[None], Y[None])
    assert np.linalg.norm(away) == pytest.approx(1)
    assert away @ X > 0.8
    assert away @ Y < 0


def test_examples_that_cancel_are_refused():
    with pytest.raises(ValueError, match="cancel"):
        wished_direction(X[None], 2 * X[None])


def test_best_score_is_of_the_nearer_side():
    assert best_score(0.6, None) == 0.6
    assert best_score(0.6, 0.5) == 0.6
    assert best_score(0.5, 0.6) == -0.6
