from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dino_video.core.camera.similarity import fit_similarity

numbers = st.floats(-0.2, 0.2)


def points(seed: int, count: int = 120) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.uniform(-0.5, 0.5, count) + 1j * random.uniform(-0.28, 0.28, count)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.8, 1.25), st.floats(-0.3, 0.3), numbers, numbers, st.integers(0, 50))
def test_similarity_is_recovered_although_two_fifths_go_elsewhere(
    scale: float, angle: float, x: float, y: float, seed: int
) -> None:
    source = points(seed)
    a, b = scale * np.exp(1j * angle), x + 1j * y
    target = a * source + b
    random = np.random.default_rng(seed + 1)
    astray = random.permutation(len(source))[:48]
    target[astray] += random.uniform(0.03, 0.3, 48) * np.exp(2j * np.pi * random.random(48))
    found = fit_similarity(source, target, 0.003)
    assert abs(found.a - a) < 0.01
    assert abs(found.b - b) < 0.005
    assert 0.55 <= found.support <= 0.75


def test_same_points_give_the_same_fit() -> None:
    source = points(4)
    target = source * 1.1 + 0.02 + np.random.default_rng(0).normal(0, 0.01, len(source))
    assert fit_similarity(source, target, 0.005).a == fit_similarity(source, target, 0.005).a


def test_points_that_rest_give_the_identity() -> None:
    source = points(2)
    found = fit_similarity(source, source.copy(), 0.002)
    assert found.a == pytest.approx(1.0)
    assert abs(found.b) < 1e-9
    assert found.support == 1.0


def test_one_point_is_not_enough() -> None:
    with pytest.raises(ValueError, match="two or more"):
        fit_similarity(points(1)[:1], points(1)[:1], 0.01)
