"""The benchmark's measures are what their names say: checked against plain loops and cases known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.labelled.avatars import style_of
from benchmarks.labelled.calibrate import within_subjects
from benchmarks.labelled.dataset import Sample
from benchmarks.labelled.measures import Pairs, best_threshold
from benchmarks.labelled.retrieval import accuracy, over_subjects, pairs_within, precision_and_recall
from benchmarks.labelled.variants import folds, part

RANDOM = np.random.default_rng(3)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def clustered() -> tuple[np.ndarray, np.ndarray]:
    """Eight subjects with five noisy pictures each."""
    centres = RANDOM.normal(size=(8, 16))
    vectors = unit(np.repeat(centres, 5, axis=0) + 0.9 * RANDOM.normal(size=(40, 16)))
    return vectors, np.repeat([f"s{n}" for n in range(8)], 5)


def test_average_precision_is_the_mean_precision_at_each_hit(clustered):
    vectors, subjects = clustered
    average, _ = precision_and_recall(vectors, subjects)
    for query in range(len(vectors)):
        ranked = sorted((n for n in range(40) if n != query), key=lambda n: -float(vectors[n] @ vectors[query]))
        hits = [rank for rank, n in enumerate(ranked, start=1) if subjects[n] == subjects[query]]
        precisions = [(place + 1) / rank for place, rank in enumerate(hits)]
        assert average[query] == pytest.approx(sum(precisions) / 4)


def test_recall_counts_the_subjects_own_pictures_among_the_first(clustered):
    vectors, subjects = clustered
    _, recall = precision_and_recall(vectors, subjects, k=3)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    first = np.argsort(-scores, axis=1)[:, :3]
    assert recall == pytest.approx((subjects[first] == subjects[:, None]).sum(axis=1) / 3)


def test_perfect_and_useless_vectors():
    subjects = np.repeat(["a", "b"], 4)
    perfect = np.repeat(np.eye(2), 4, axis=0)
    average, recall = precision_and_recall(perfect, subjects, k=3)
    assert average.min() == recall.min() == 1.0
    pairs = pairs_within(perfect, subjects, np.repeat("x", 8))
    assert accuracy(pairs, 0.5).value == 1.0
    assert accuracy(pairs, 2.0).value == 0.5  # nothing passes: half right


def test_only_pairs_of_one_kind_are_scored(clustered):
    vectors, subjects = clustered
    kinds = np.where(np.char.endswith(subjects, ("0")), "first", "other")
    pairs = pairs_within(vectors, subjects, kinds)
    assert len(pairs.same) == 5 * 4 // 2 + 35 * 34 // 2
    assert pairs.same.sum() == 8 * 10


def test_an_interval_holds_the_value_and_narrows_with_more_subjects():
    few, many = np.repeat(np.arange(10), 5), np.repeat(np.arange(400), 5)
    small = over_subjects(RANDOM.random(50), few)
    large = over_subjects(RANDOM.random(2000), many)
    assert small.low < small.value < small.high
    assert large.high - large.low < (small.high - small.low) / 2


def test_a_threshold_chosen_on_pairs_beats_an_arbitrary_one():
    score = np.concatenate([RANDOM.normal(0.6, 0.1, 500), RANDOM.normal(0.2, 0.1, 5000)])
    pairs = Pairs(score, np.arange(5500) < 500, np.arange(5500) % 100)
    chosen = accuracy(pairs, best_threshold(pairs))
    assert chosen.low > accuracy(pairs, 0.85).high


def test_rows_within_subjects_have_no_mean(clustered):
    vectors, subjects = clustered
    samples = [Sample(name, "mesh", "view", "held-out", b"") for name in subjects]
    inside = within_subjects(vectors, list(subjects))
    assert np.abs(inside.reshape(8, 5, -1).mean(axis=1)).max() < 1e-9
    assert len({samples[n].subject for n in part(samples, 3)}) == 3
    fold = folds(samples)
    assert set(fold) == {0, 1, 2}
    assert all(len(set(fold[[s.subject == name for s in samples]])) == 1 for name in set(subjects))


def test_styles_are_told_by_the_subject():
    assert style_of("micah-12") == "micah"


def test_of_many_different_pairs_some_are_drawn_and_the_same_ones_all_kept(clustered):
    vectors, subjects = clustered
    kinds = np.repeat("x", 40)
    some = pairs_within(vectors, subjects, kinds, most_different=100)
    assert (some.same.sum(), (~some.same).sum()) == (80, 100)
    again = pairs_within(vectors, subjects, kinds, most_different=100)
    assert np.array_equal(some.score, again.score)
