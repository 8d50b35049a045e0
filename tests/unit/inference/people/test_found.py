"""Rows of a detector become boxes; boxes of one thing become one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dino_inference.core.people.found import Found, decoded, joined, merged, none, overlaps

ANCHORS = np.array([[0.25, 0.25], [0.75, 0.5]], np.float32)


def found(boxes: list[list[float]], scores: list[float]) -> Found:
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return Found(corners, corners.reshape(-1, 2, 2).copy(), np.array(scores, np.float32))


def test_a_row_is_read_from_its_anchor_in_shares_of_the_input() -> None:
    numbers = np.array([[0, 0, 0, 0, 0, 0], [10, -20, 40, 80, 5, 0]], np.float32)
    one = decoded(numbers, np.array([-3.0, 2.0], np.float32), ANCHORS, 100, 0.5)
    np.testing.assert_allclose(one.boxes, [[0.65, -0.1, 1.05, 0.7]], atol=1e-6)
    np.testing.assert_allclose(one.points, [[[0.8, 0.5]]], atol=1e-6)
    assert one.scores[0] == pytest.approx(1 / (1 + np.exp(-2)))


def test_no_row_above_the_bound_is_nothing() -> None:
    assert len(decoded(np.zeros((2, 16), np.float32), np.full(2, -200.0, np.float32), ANCHORS, 100, 0.5)) == 0


def test_places_in_a_square_become_places_in_the_picture() -> None:
    placed = found([[0.0, 0.5, 1.0, 1.0]], [0.9]).placed(-20, 10, 200)
    np.testing.assert_allclose(placed.boxes, [[-20, 110, 180, 210]])
    np.testing.assert_allclose(placed.points[0], [[-20, 110], [180, 210]])


def test_boxes_of_one_thing_are_averaged_by_their_scores_and_keep_the_best() -> None:
    one = merged(found([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], [0.9, 0.3, 0.5]), 0.3)
    np.testing.assert_allclose(one.scores, [0.9, 0.5])
    np.testing.assert_allclose(one.boxes[0], [0.25, 0, 10.25, 10])
    np.testing.assert_allclose(one.boxes[1], [50, 50, 60, 60])


def test_nothing_stays_nothing() -> None:
    assert len(merged(joined([none(2), none(2)]), 0.3)) == 0


def test_overlap_is_of_the_intersection_over_the_union() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]], np.float32)
    np.testing.assert_allclose(overlaps(boxes[0], boxes), [1, 1 / 3, 0])


@given(
    arrays(np.float32, (6, 2), elements=st.floats(0, 100, width=32)),
    arrays(np.float32, 6, elements=st.floats(0.125, 1, width=32)),
)
def test_merging_leaves_none_out_and_never_adds(corners: np.ndarray, scores: np.ndarray) -> None:
    boxes = np.concatenate([corners, corners + 10], axis=1)
    one = merged(Found(boxes, boxes.reshape(6, 2, 2).copy(), scores), 0.3)
    assert 1 <= len(one) <= 6
    assert one.scores[0] == scores.max()
    assert (np.diff(one.scores) <= 0).all()
    assert one.boxes.min() >= boxes.min() - 1e-3
    assert one.boxes.max() <= boxes.max() + 1e-3
