from __future__ import annotations

import numpy as np
import pytest

from dino_video.core.vbench import motion_smoothness, subject_consistency, temporal_flickering
from dino_video.core.vbench.course import PixelCourse
from dino_video.core.vbench.reference import i2v_subject
from dino_video.scoring.measures import Found, likeness, measure

_RANDOM = np.random.default_rng(2)


def frames(count: int) -> list[np.ndarray]:
    wide = np.kron(_RANDOM.integers(0, 255, (6, 24, 3)), np.ones((6, 6, 1))).astype(np.uint8)
    return [np.ascontiguousarray(wide[:, n : n + 64]) for n in range(count)]


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_frame_by_frame_finds_what_the_measures_of_a_whole_film_find():
    film = frames(9)
    course = PixelCourse()
    found = [course.take(frame) for frame in film]
    steady, smooth = temporal_flickering(film), motion_smoothness(film)
    assert found[0] == (None, None)
    np.testing.assert_array_equal([one for one, _ in found[1:]], steady.values)
    np.testing.assert_array_equal([two for _, two in found if two is not None], smooth.values)
    assert [n - 1 for n, (_, two) in enumerate(found) if two is not None] == smooth.frames.tolist()


def test_a_course_goes_on_from_what_it_held():
    film = frames(8)
    whole, first = PixelCourse(), PixelCourse()
    values = [whole.take(frame) for frame in film]
    for cut in (3, 4):
        first = PixelCourse()
        for frame in film[:cut]:
            first.take(frame)
        again = PixelCourse(first.count, list(first.held))
        assert [again.take(frame) for frame in film[cut:]] == values[cut:]


def test_no_value_compares_frames_of_two_shots():
    steady = np.array([np.nan, 0.9, 0.9, 0.1, 0.8, 0.8])
    smooth = (np.array([1, 3]), np.array([0.7, 0.2]))
    found = Found(steady=steady, smooth=smooth)
    whole, each = measure(found, "temporal_flickering", [(0, 3), (3, 6)])
    assert whole is not None
    assert whole.score == pytest.approx(0.85)
    assert whole.frames.tolist() == [1, 2, 4, 5]
    assert [one.score for one in each if one] == pytest.approx([0.9, 0.8])
    whole, each = measure(found, "motion_smoothness", [(0, 3), (3, 6)])
    assert whole is not None
    assert whole.score == pytest.approx(0.7)
    assert each[1] is None
    across, _ = measure(found, "temporal_flickering", [(0, 6)])
    assert across is not None
    assert across.score == pytest.approx(0.7)


def test_each_shot_has_a_first_frame_of_its_own():
    one, two = _RANDOM.standard_normal((2, 16))
    vectors = unit(np.stack([one, one, one, two, two]))
    found = Found(sampled=np.array([0, 10, 20, 30, 40]), vectors=vectors)
    whole, each = measure(found, "subject_consistency", [(0, 25), (25, 50)])
    assert whole is not None
    assert whole.score == pytest.approx(1.0)
    assert whole.frames.tolist() == [10, 20, 40]
    assert len(each) == 2
    across, _ = measure(found, "subject_consistency", [(0, 50)])
    assert across is not None
    assert across.score == pytest.approx(subject_consistency(vectors).score)
    assert across.score < 0.8
    short, _ = measure(found, "subject_consistency", [(0, 5), (5, 15)])
    assert short is None


def test_the_reference_is_compared_by_its_formula():
    reference = unit(np.array([[1.0, 0.0, 0.0]]))[0]
    vectors = unit(np.array([[0.6, 0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]]))
    found = Found(sampled=np.array([0, 5, 20]), vectors=vectors, reference=reference)
    whole, each = likeness(found, [(0, 10), (10, 30)])
    assert whole is not None
    assert whole.nearest == pytest.approx(0.8)
    assert (whole.mean, whole.lowest) == (pytest.approx(0.96), pytest.approx(0.96))
    assert whole.score == pytest.approx(0.4 * 0.8 + 0.6 * 0.96)
    assert each[1] is None
    opposite = i2v_subject(reference, -vectors[:2], np.array([-0.5, 1.0]))
    assert (opposite.nearest, opposite.lowest, opposite.score) == (0.0, 0.0, pytest.approx(0.15))
