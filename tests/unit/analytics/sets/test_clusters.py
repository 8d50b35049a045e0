"""Clusters: planted groups are found, in whatever order, and keep their names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.analytics.sets.made import planted, unit

from dino_analytics.core.sets.clusters import (
    cluster_by_density,
    default_min_size,
    describe_clusters,
    silhouette,
)
from dino_analytics.core.sets.k_means import cluster_by_number
from dino_analytics.core.sets.labels import keep_labels
from dino_analytics.core.sets.neighbours import nearest_neighbours


def pairs(label: np.ndarray) -> set[frozenset[int]]:
    """Groups as sets of rows."""
    return {frozenset(np.flatnonzero(label == n).tolist()) for n in np.unique(label) if n >= 0}


def test_planted_groups_are_found_exactly():
    rows, truth = planted([30, 12, 5, 60])
    assert pairs(cluster_by_density(rows, 4, 0.5).label) == pairs(truth)


def test_loose_rows_mostly_belong_to_nothing():
    rows, truth = planted([30, 30, 30], loose=40)
    label = cluster_by_density(rows, 5, 0.5).label
    assert (label[truth < 0] < 0).mean() > 0.8
    assert (label[truth >= 0] >= 0).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), turn=st.integers(0, 1000))
def test_order_of_the_rows_does_not_matter(seed: int, turn: int):
    rows, _ = planted([9, 14, 6], loose=8, noise=0.7, seed=seed)
    order = np.random.default_rng(turn).permutation(len(rows))
    whole = cluster_by_density(rows, 3, 0.5).label
    shuffled = cluster_by_density(rows[order], 3, 0.5).label
    assert {frozenset(order[list(group)].tolist()) for group in pairs(shuffled)} == pairs(whole)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_tiny_sets_are_no_fault(count: int):
    rows = planted([3])[0][:count]
    labelled = cluster_by_density(rows, 3, 0.5)
    assert len(labelled.label) == count
    assert describe_clusters(rows, labelled) == [] or count == 3
    assert len(cluster_by_number(rows, None).label) == count


def test_equal_rows_are_one_cluster():
    rows = np.repeat(planted([1])[0], 12, axis=0)
    assert set(cluster_by_density(rows, 3, 0.5).label) == {0}
    assert len(set(cluster_by_number(rows, None).label)) == 1


def test_a_set_of_one_kind_is_one_cluster_without_its_stranger():
    rows, _ = planted([20], noise=0.3)
    stranger = unit(np.random.default_rng(5).normal(size=(1, rows.shape[1])))
    # It may fall into parts of the least size, so that is more than half of it here.
    label = cluster_by_density(np.concatenate([rows, stranger]), 12, 0.5).label
    assert set(label[:20]) == {0}
    assert label[20] == -1


def test_number_of_clusters_follows_the_data():
    rows, truth = planted([40, 25, 30, 50, 20])
    assert pairs(cluster_by_number(rows, None).label) == pairs(truth)
    assert len(set(cluster_by_number(rows, 3).label)) == 3


def test_representative_is_the_medoid_and_cohesion_the_mean_cosine():
    rows, _ = planted([25, 10])
    for cluster in describe_clusters(rows, cluster_by_density(rows, 3, 0.5)):
        members = np.sort(cluster.members)
        cosines = rows[members].astype(np.float64) @ rows[members].T
        size = len(members)
        assert cluster.representative == members[cosines.sum(axis=1).argmax()]
        assert cluster.cohesion == pytest.approx((cosines.sum() - np.trace(cosines)) / (size * (size - 1)), abs=1e-5)


def test_silhouette_is_that_of_the_definition():
    rows, truth = planted([8, 11, 6], noise=0.8)
    distance = 1.0 - rows.astype(np.float64) @ rows.T
    values = []
    for row, own in enumerate(truth):
        same = (truth == own) & (np.arange(len(truth)) != row)
        inside = distance[row, same].mean()
        outside = min(distance[row, truth == other].mean() for other in set(truth) - {own})
        values.append((outside - inside) / max(inside, outside))
    assert silhouette(rows, truth) == pytest.approx(np.mean(values), abs=1e-5)
    assert silhouette(rows, np.zeros(len(rows), np.int64)) is None


def test_cells_find_nearly_all_true_neighbours():
    rows, _ = planted([40] * 60, noise=0.9)
    exact = nearest_neighbours(rows, 10)
    cells = nearest_neighbours(rows, 10, exact_up_to=100)
    shared = [len(np.intersect1d(a, b)) for a, b in zip(exact.index, cells.index, strict=True)]
    assert np.mean(shared) / 10 > 0.95
    assert not (cells.index == np.arange(len(rows))[:, None]).any()


def test_neighbours_are_those_of_brute_force_nearest_first():
    rows, _ = planted([7, 9])
    found = nearest_neighbours(rows, 50)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    assert found.index.shape == (16, 15)
    np.testing.assert_allclose(found.cosine, np.sort(cosines, axis=1)[:, :0:-1], atol=1e-6)


def test_labels_stay_with_most_of_the_members():
    before = {"a": "old-1", "b": "old-1", "c": "old-1", "d": "old-2", "e": "old-2"}
    names, known = keep_labels([["d", "e", "x"], ["a", "b", "y"], ["z"]], ["d", "a", "z"], before)
    assert names[:2] == ["old-2", "old-1"]
    assert known == [True, True, False]
    assert names[2] not in before.values()


def test_a_cluster_that_was_split_gives_its_label_once():
    before = dict.fromkeys("abcdef", "old")
    names, known = keep_labels([list("abcd"), list("ef")], ["a", "e"], before)
    assert names[0] == "old"
    assert known == [True, False]
    assert len(set(names)) == 2


def test_labels_without_a_run_before_follow_from_the_representative():
    one = keep_labels([["a"], ["b"]], ["1111-2222", "3333-4444"], {})
    other = keep_labels([["b"], ["a"]], ["3333-4444", "1111-2222"], {})
    assert one[0] == other[0][::-1]


def test_smallest_cluster_grows_with_the_set():
    assert [default_min_size(n) for n in (10, 1000, 10_000, 100_000, 10**7)] == [3, 3, 10, 32, 50]
