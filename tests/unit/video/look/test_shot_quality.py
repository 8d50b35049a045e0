from __future__ import annotations

import cv2
import numpy as np
import pytest

from dino_video.core.look import shot_quality


def picture(seed: int = 1) -> np.ndarray:
    """Shapes with sharp edges on calm ground."""
    random = np.random.default_rng(seed)
    frame = np.full((216, 384, 3), (90, 110, 120), np.uint8)
    for _ in range(160):
        x, y = (int(v) for v in random.integers(0, (384, 216)))
        shade = tuple(int(v) for v in random.integers(10, 235, 3))
        cv2.circle(frame, (x, y), int(random.integers(3, 16)), shade, -1, cv2.LINE_AA)
    return frame


def worse(kind: str) -> np.ndarray:
    frame = picture()
    if kind == "blurred":
        return np.asarray(cv2.GaussianBlur(frame, (0, 0), 4), np.uint8)
    if kind == "noisy":
        return np.clip(frame + np.random.default_rng(0).normal(0, 22, frame.shape), 0, 255).astype(np.uint8)
    if kind == "dark":
        return (frame * 0.12).astype(np.uint8)
    if kind == "bright":
        return np.clip(frame.astype(float) * 1.3 + 110, 0, 255).astype(np.uint8)
    return np.asarray(110 + 0.12 * (frame.astype(float) - 110), np.uint8)


@pytest.mark.parametrize("kind", ["blurred", "noisy", "dark", "bright", "flat"])
def test_each_fault_lowers_the_score(kind: str) -> None:
    assert shot_quality([worse(kind)]).score < shot_quality([picture()]).score - 5


def test_a_good_shot_scores_well_and_stays_under_100() -> None:
    assert 70 <= shot_quality([picture(seed) for seed in range(4)]).score <= 100


def test_shake_costs_and_a_steady_hand_does_not() -> None:
    steady, little, strong = (shot_quality([picture()], shake=shake).score for shake in (0.0, 0.001, 0.01))
    assert steady == little > strong


def test_focus_lost_for_some_of_the_shot_costs_evenness() -> None:
    mixed = shot_quality([picture()] * 6 + [worse("blurred")] * 3)
    assert mixed.evenness < 0.8
    assert mixed.score < shot_quality([picture()] * 9).score


def test_more_frames_are_surer() -> None:
    assert shot_quality([picture()] * 5).confidence > shot_quality([picture()]).confidence


def test_no_frames_have_no_quality() -> None:
    with pytest.raises(ValueError, match="without frames"):
        shot_quality([])
    with pytest.raises(ValueError, match="RGB"):
        shot_quality([np.zeros((40, 40), np.uint8)])
