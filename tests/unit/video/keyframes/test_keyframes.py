from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dino_video.core.keyframes import Candidates, candidate, choose_keyframes, keyframe_count, tenengrad

RATE = 12.0


def picture(seed: int, blur: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(random.standard_normal((54, 96, 3)), (0, 0), 1.5)
    slow = cv2.GaussianBlur(random.standard_normal((54, 96, 3)), (0, 0), 14)
    out = 128 + 60 * rough / rough.std() + 40 * slow / slow.std()
    frame = np.clip(out, 0, 255).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), blur), np.uint8) if blur else frame


def shot(frames: list[np.ndarray]) -> list:
    return [candidate(100 + at, at / RATE, frame) for at, frame in enumerate(frames)]


def noisy(frame: np.ndarray, seed: int) -> np.ndarray:
    return np.clip(frame + np.random.default_rng(seed).normal(0, 1, frame.shape), 0, 255).astype(np.uint8)


def test_blur_lowers_sharpness_and_light_does_not() -> None:
    grey = picture(1)[..., 0]
    sharp = tenengrad(grey)
    assert tenengrad(np.asarray(cv2.GaussianBlur(grey, (0, 0), 2.0), np.uint8)) < 0.5 * sharp
    assert tenengrad((grey * 0.5).astype(np.uint8)) == pytest.approx(sharp, rel=0.1)


def test_the_sharp_frame_of_a_blurred_shot_is_taken() -> None:
    frames = [noisy(picture(1, blur=1.2), at) for at in range(24)]
    frames[15] = picture(1)
    (found,) = choose_keyframes(shot(frames), 0.0, 2.0, count=1)
    assert found.index == 115
    assert found.time == 15 / RATE
    assert found.sharpness == 1.0


def test_the_typical_frame_is_taken_and_not_a_sharp_stray_one() -> None:
    frames = [picture(1, blur=0.6)] * 24
    frames[20] = picture(2)
    (found,) = choose_keyframes(shot(frames), 0.0, 2.0, count=1)
    assert found.index != 120


def test_a_shot_that_changes_gets_a_keyframe_of_each_part() -> None:
    frames = [noisy(picture(1), at) for at in range(30)] + [noisy(picture(2), at) for at in range(30)]
    found = choose_keyframes(shot(frames), 0.0, 5.0)
    assert len(found) >= 2
    assert any(one.index < 130 for one in found)
    assert any(one.index >= 130 for one in found)
    assert [one.time for one in found] == sorted(one.time for one in found)


def test_transitions_at_the_ends_are_kept_away_from() -> None:
    frames = [picture(1)] * 36
    for at in (0, 1, 2, 33, 34, 35):
        frames[at] = picture(1)
    found = choose_keyframes(shot(frames), 0.0, 3.0)
    assert all(0.25 <= one.time <= 2.75 for one in found)


def test_blank_frames_are_only_taken_when_there_is_nothing_else() -> None:
    blank = np.full((54, 96, 3), 10, np.uint8)
    frames = [blank] * 20 + [picture(3)] * 4
    assert choose_keyframes(shot(frames), 0.0, 2.0, count=1)[0].index >= 120
    assert len(choose_keyframes(shot([blank] * 6), 0.0, 0.5)) == 1


def test_longer_and_livelier_shots_get_more() -> None:
    assert keyframe_count(3.0, 2.0) == 1
    assert keyframe_count(3.0, 30.0) > 1
    assert keyframe_count(600.0, 2.0) > 1
    assert keyframe_count(1e6, 1e6) == 5
    assert keyframe_count(0.0, 0.0) == 1


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 400), st.integers(4, 40))
def test_candidates_stay_few_and_cover_the_shot(frames: int, most: int) -> None:
    kept = Candidates(most=most)
    tiny = np.random.default_rng(0).integers(0, 255, (9, 16, 3)).astype(np.uint8)
    model = candidate(0, 0.0, tiny)
    for at in range(frames):
        kept.add(type(model)(at, float(at), float(at % 7), model.content, model.light, model.detail))
    found = kept.all()
    assert 1 <= len(found) <= most
    times = [one.time for one in found]
    assert times == sorted(set(times))
    if frames >= 3 * most:
        gaps = np.diff([0.0, *times, float(frames)])
        assert gaps.max() <= 6.0 * frames / most


def test_a_shot_without_frames_has_no_keyframe() -> None:
    with pytest.raises(ValueError, match="candidates"):
        choose_keyframes([], 0.0, 1.0)
    with pytest.raises(ValueError, match="RGB"):
        candidate(0, 0.0, np.zeros((20, 20), np.uint8))
