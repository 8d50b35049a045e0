"""Properties of cosine, distance, score, matrix and ranking."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dino_analytics.core.similarity import (
    compare,
    cosine_similarity,
    cosines_to,
    euclidean_from_cosine,
    rank,
    similarity_matrix,
    similarity_score,
    unit_rows,
)

entries = st.floats(-1e6, 1e6, width=32)


def matrices(min_rows: int = 1):
    shapes = st.tuples(st.integers(min_rows, 12), st.integers(1, 24))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=entries)).filter(
        lambda m: bool((np.abs(m).max(axis=1) > 1e-3).all())
    )


@given(matrices(min_rows=2), st.floats(1e-3, 1e3))
def test_cosine_is_symmetric_bounded_and_ignores_length(m, scale):
    a, b = m[0], m[1]
    cosine = cosine_similarity(a, b)
    assert -1.0 <= cosine <= 1.0
    assert cosine == cosine_similarity(b, a)
    assert cosine_similarity(a * scale, b) == pytest.approx(cosine, abs=1e-5)


@given(matrices(min_rows=2))
def test_distance_agrees_with_the_distance_between_normalised_vectors(m):
    pair = compare(m[0], m[1])
    direct = float(np.linalg.norm(unit_rows(m[0]).astype(np.float64) - unit_rows(m[1])))
    assert pair.euclidean_distance == pytest.approx(direct, abs=1e-3)
    assert pair.euclidean_distance == math.sqrt(max(0.0, 2 - 2 * pair.cosine_similarity))


@given(st.floats(-1, 1))
def test_score_is_hundred_times_cosine_clipped_with_one_decimal(cosine):
    score = similarity_score(cosine)
    assert 0.0 <= score <= 100.0
    assert score == round(score, 1)
    assert abs(score - max(0.0, 100 * cosine)) <= 0.05 + 1e-9
    assert 0.0 <= euclidean_from_cosine(cosine) <= 2.0


@given(matrices())
def test_matrix_is_exactly_symmetric_with_ones_and_agrees_with_pairs(m):
    s = similarity_matrix(m)
    assert s.dtype == np.float32
    assert s.shape == (len(m), len(m))
    assert np.array_equal(s, s.T)
    assert (np.diag(s) == 1.0).all()
    assert s.min() >= -1.0
    assert s.max() <= 1.0
    assert s[0, -1] == pytest.approx(cosine_similarity(m[0], m[-1]), abs=1e-5)


def test_large_matrix_stays_exactly_symmetric():
    x = np.random.default_rng(3).normal(size=(700, 384)).astype(np.float32)
    s = similarity_matrix(x)
    assert np.array_equal(s, s.T)


def test_matrix_of_nothing_is_empty():
    assert similarity_matrix(np.zeros((0, 5), np.float32)).shape == (0, 0)
    assert cosines_to(np.ones(5), np.zeros((0, 5))).shape == (0,)


@given(matrices(min_rows=2))
def test_ranking_is_a_permutation_from_most_to_least_similar(m):
    ranked = rank(m[0], m)
    assert sorted(r.index for r in ranked) == list(range(len(m)))
    assert all(a.cosine >= b.cosine for a, b in itertools.pairwise(ranked))
    assert rank(m[0], m, limit=1) == ranked[:1]


def test_equal_candidates_keep_their_order():
    row = np.array([1.0, 2.0, 3.0])
    assert [r.index for r in rank(row, np.stack([row, -row, row]))] == [0, 2, 1]


@pytest.mark.parametrize("bad", [np.zeros(4), np.array([1, np.nan, 0, 0]), np.array([np.inf, 0, 0, 0])])
def test_vectors_without_direction_are_refused(bad):
    with pytest.raises(ValueError):
        cosine_similarity(bad, np.ones(4))


def test_vectors_of_different_width_are_refused():
    with pytest.raises(ValueError, match="shapes"):
        cosine_similarity(np.ones(384), np.ones(768))
    with pytest.raises(ValueError, match="compare"):
        rank(np.ones(384), np.ones((2, 768)))


def test_extreme_magnitudes_keep_their_direction():
    assert cosine_similarity([1e-30, 1e-30], [1e30, 1e30]) == pytest.approx(1.0, abs=1e-6)
