from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dino_video.core.vbench import (
    background_consistency,
    background_features,
    between,
    motion_smoothness,
    subject_consistency,
    temporal_flickering,
)

finite = st.floats(-5, 5, width=32)


def scene(shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """A soft texture moved to the right by pixels: (72, 128, 3)."""
    random = np.random.default_rng(seed)
    wide = cv2.GaussianBlur(random.standard_normal((72, 256, 3)), (0, 0), 4)
    picture = np.clip(128 + 300 * wide, 0, 255).astype(np.float32)
    moved = cv2.warpAffine(picture, np.array([[1, 0, shift - 64.0], [0, 1, 0.0]]), (128, 72))
    return np.rint(moved).astype(np.uint8)


def test_subject_consistency_by_hand() -> None:
    features = np.array([[1, 0], [1, 1], [0, 3], [-1, 0]], dtype=np.float32)
    root = np.sqrt(0.5)
    # cos to the one before, cos to the first; negative ones count as 0.
    expected = [0.5 * (root + root), 0.5 * (root + 0), 0.5 * (0 + 0)]
    found = subject_consistency(features)
    np.testing.assert_allclose(found.values, expected, atol=1e-6)
    np.testing.assert_array_equal(found.frames, [1, 2, 3])
    assert found.score == pytest.approx(np.mean(expected))


@given(arrays(np.float32, (6, 5), elements=finite), st.floats(0.1, 9.0))
def test_consistency_lies_in_0_to_1_and_ignores_length(features: np.ndarray, scale: float) -> None:
    if (np.linalg.norm(features, axis=1) < 1e-3).any():
        return
    found = subject_consistency(features)
    assert 0.0 <= found.score <= 1.0
    assert ((found.values >= 0) & (found.values <= 1)).all()
    again = background_consistency(features * np.float32(scale))
    np.testing.assert_allclose(again.values, found.values, atol=1e-4)


def test_a_still_film_is_perfect() -> None:
    frames = [scene()] * 5
    assert temporal_flickering(frames).score == 1.0
    assert motion_smoothness(frames).score > 0.999
    assert subject_consistency(np.ones((4, 8), np.float32)).score == pytest.approx(1.0)


def test_flickering_by_hand_and_at_its_frame() -> None:
    dark, light = np.full((8, 8, 3), 100, np.uint8), np.full((8, 8, 3), 151, np.uint8)
    found = temporal_flickering([dark, dark, light, light])
    np.testing.assert_allclose(found.values, [1.0, 0.8, 1.0])
    np.testing.assert_array_equal(found.frames, [1, 2, 3])
    assert found.score == pytest.approx(2.8 / 3)


def test_frames_may_come_one_at_a_time() -> None:
    frames = [scene(2.0 * at) for at in range(6)]
    assert temporal_flickering(iter(frames)).score == temporal_flickering(frames).score
    assert motion_smoothness(iter(frames)).score == motion_smoothness(frames).score


def test_even_motion_is_smoother_than_jerky_motion() -> None:
    even = motion_smoothness([scene(3.0 * at) for at in range(9)])
    jerky = motion_smoothness([scene(3.0 * at + (5.0 if at % 2 else 0.0)) for at in range(9)])
    assert even.score > 0.985
    assert jerky.score < even.score - 0.005
    np.testing.assert_array_equal(even.frames, [1, 3, 5, 7])


def test_one_repeated_frame_shows_where_it_is() -> None:
    frames = [scene(4.0 * at) for at in range(9)]
    frames[5] = frames[4]
    assert motion_smoothness(frames).values.argmin() == 2


def test_frame_between_lies_half_way() -> None:
    middle, blend = between(scene(0), scene(8)), (scene(0).astype(float) + scene(8)) / 2
    inside = np.s_[8:-8, 16:-16]
    error = np.abs(middle[inside].astype(float) - scene(4)[inside]).mean()
    assert error < 0.25 * np.abs(blend[inside] - scene(4)[inside]).mean()


def test_grey_frames_are_frames() -> None:
    grey = [scene(2.0 * at)[..., 0] for at in range(3)]
    assert motion_smoothness(grey).score > 0.98
    assert 0 < temporal_flickering(grey).score < 1


def test_smoothness_uses_the_interpolation_that_is_given() -> None:
    frames = [np.full((4, 4), value, np.uint8) for value in (0, 10, 51)]
    assert motion_smoothness(frames, lambda one, two: two).values[0] == pytest.approx((255 - 41) / 255)


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="two or more"):
        subject_consistency(np.ones((1, 4), np.float32))
    with pytest.raises(ValueError, match="length"):
        subject_consistency(np.zeros((3, 4), np.float32))
    with pytest.raises(ValueError, match="one frame"):
        temporal_flickering([scene()])
    with pytest.raises(ValueError, match="one frame"):
        motion_smoothness([scene(), scene()])
    with pytest.raises(ValueError, match="shape"):
        temporal_flickering([scene(), scene()[:20]])


def test_background_features_leave_the_subject_out() -> None:
    patches = np.zeros((2, 2, 3, 4), np.float32)
    patches[..., 0] = 2.0
    patches[0, 0, 0] = patches[1, 1, 2] = [0, 5, 0, 0]
    subject = np.zeros((2, 2, 3), np.float32)
    subject[0, 0, 0] = subject[1, 1, 2] = 1.0
    np.testing.assert_allclose(background_features(patches, subject), [[1, 0, 0, 0]] * 2, atol=1e-6)
    assert background_consistency(background_features(patches, subject)).score == pytest.approx(1.0)
    filled = background_features(patches, np.ones_like(subject))
    np.testing.assert_allclose(filled, [[5 / 6, 1 / 6, 0, 0]] * 2, atol=1e-6)
    with pytest.raises(ValueError, match="grid"):
        background_features(patches, subject[:1])


@pytest.mark.parametrize("shape", [(1, 1), (2, 320), (11, 40), (12, 12), (40, 9)])
def test_frames_smaller_than_the_search_for_motion_are_interpolated(shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).integers(0, 255, (*shape, 3)).astype(np.uint8)
    found = between(frame, frame)
    assert found.shape == frame.shape
    assert np.abs(found.astype(int) - frame).max() <= 1
