from __future__ import annotations

import numpy as np
import pytest
from tests.unit.video.camera.scenes import HEIGHT, RATE, WIDTH, paste, texture, times, view

from dino_video.core.camera import CameraMeter, camera_movement, movement_of

COUNT = 32
SCENE, SKIN = texture(1), texture(2)


def moved(**speeds: float) -> list[np.ndarray]:
    """Speeds a second: x, y in frame widths, zoom as a factor, roll in degrees."""
    frames = []
    for time in times(COUNT):
        frames.append(
            view(
                SCENE,
                speeds.get("x", 0.0) * time,
                speeds.get("y", 0.0) * time,
                speeds.get("zoom", 1.0) ** time,
                speeds.get("roll", 0.0) * time,
            )
        )
    return frames


@pytest.mark.parametrize(
    ("speeds", "name", "direction"),
    [
        ({}, "static", None),
        ({"x": 0.1}, "pan_right", "right"),
        ({"x": -0.1}, "pan_left", "left"),
        ({"y": -0.08}, "tilt_up", "up"),
        ({"y": 0.08}, "tilt_down", "down"),
        ({"zoom": 1.15}, "zoom_in", "in"),
        ({"zoom": 0.87}, "zoom_out", "out"),
        ({"roll": 8.0}, "roll", "clockwise"),
        ({"roll": -8.0}, "roll", "counterclockwise"),
        ({"x": 0.08, "y": 0.08}, "mixed", None),
    ],
)
def test_clean_move_gets_its_name(speeds: dict[str, float], name: str, direction: str | None) -> None:
    found = camera_movement(moved(**speeds), times(COUNT))
    assert (found.movement_type, found.direction) == (name, direction)
    assert found.confidence > 0.4
    assert found.reason is None


def test_rates_are_in_the_documented_units() -> None:
    assert camera_movement(moved(x=0.1), times(COUNT)).pan_rate == pytest.approx(0.1, rel=0.05)
    assert camera_movement(moved(y=-0.08), times(COUNT)).tilt_rate == pytest.approx(0.08, rel=0.05)
    assert camera_movement(moved(zoom=1.15), times(COUNT)).zoom_rate == pytest.approx(0.15, rel=0.05)
    assert camera_movement(moved(roll=8.0), times(COUNT)).roll_rate == pytest.approx(8.0, rel=0.05)


def test_faster_moves_are_stronger_and_stillness_has_no_strength() -> None:
    slow, fast = (camera_movement(moved(x=speed), times(COUNT)).strength for speed in (0.05, 0.15))
    assert 0.0 < slow < fast < 1.0
    assert camera_movement(moved(), times(COUNT)).strength == 0.0


@pytest.mark.parametrize("size", [40, 64])
def test_subjects_that_walk_do_not_move_a_resting_camera(size: int) -> None:
    still = view(SCENE)
    frames = [
        paste(paste(still, SKIN, 10 + 70 * t, 20 + 6 * np.sin(9 * t), size), SKIN, 150 - 60 * t, 55, 36)
        for t in times(COUNT)
    ]
    found = camera_movement(frames, times(COUNT))
    assert found.movement_type == "static"
    assert not found.handheld


def test_a_subject_held_in_the_middle_does_not_hide_the_pan_behind_it() -> None:
    frames = [paste(frame, SKIN, 70, 30, 56) for frame in moved(x=0.12)]
    found = camera_movement(frames, times(COUNT))
    assert found.movement_type == "pan_right"
    assert found.pan_rate == pytest.approx(0.12, rel=0.08)


def test_layers_that_shift_unlike_are_a_truck() -> None:
    # Three layers of depth; the nearer, the faster: rows of near squares before a far wall.
    frames = []
    for time in times(COUNT):
        frame = view(SCENE, 0.05 * time)
        for column in range(-1, 5):
            frame = paste(frame, SKIN[60 * column % 300 :], 55 * column + 40 - 0.13 * WIDTH * time, 66, 34)
        frames.append(frame)
    found = camera_movement(frames, times(COUNT))
    assert (found.movement_type, found.direction) == ("truck", "right")
    assert found.parallax > 0.1


def test_layers_that_grow_unlike_are_a_dolly() -> None:
    near = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for row, column in ((8, 10), (8, 140), (62, 12), (60, 138), (10, 70), (66, 75)):
        near[row : row + 36, column : column + 36] = True
    frames = []
    for time in times(COUNT):
        wall, front = view(SCENE, zoom=1.05**time), view(SKIN, zoom=1.22**time)
        mask = view(np.pad(near * np.uint8(255), ((202, 202), (160, 160))), zoom=1.22**time) > 127
        frames.append(np.where(mask, front, wall))
    found = camera_movement(frames, times(COUNT))
    assert (found.movement_type, found.direction) == ("dolly", "in")


def test_a_shaking_hand_is_handheld_and_a_shaken_pan_stays_a_pan() -> None:
    at = np.array(times(64))
    shake = 0.006 * (np.sin(2 * np.pi * 2.3 * at) + np.sin(2 * np.pi * 3.9 * at + 1))
    other = 0.006 * (np.sin(2 * np.pi * 1.9 * at + 2) + np.sin(2 * np.pi * 4.4 * at))
    still = camera_movement([view(SCENE, x, y) for x, y in zip(shake, other, strict=True)], times(64))
    assert still.movement_type == "handheld"
    panned = [view(SCENE, x + 0.12 * t, y) for t, x, y in zip(at, shake, other, strict=True)]
    found = camera_movement(panned, times(64))
    assert found.movement_type == "pan_right"
    assert found.handheld


@pytest.mark.parametrize(
    ("frames", "count", "reason"),
    [
        (np.full((COUNT, HEIGHT, WIDTH), 3, np.uint8), COUNT, "too_dark"),
        (np.full((COUNT, HEIGHT, WIDTH), 120, np.uint8), COUNT, "no_texture"),
        (np.stack([view(SCENE)] * 4), 4, "too_short"),
    ],
)
def test_what_cannot_be_told_is_unknown(frames: np.ndarray, count: int, reason: str) -> None:
    found = camera_movement(frames, times(count))
    assert (found.movement_type, found.reason, found.confidence) == ("unknown", reason, 0.0)


def test_noise_without_any_common_motion_is_unknown() -> None:
    random = np.random.default_rng(3)
    frames = random.integers(0, 255, (COUNT, HEIGHT, WIDTH)).astype(np.uint8)
    assert camera_movement(frames, times(COUNT)).movement_type == "unknown"


def test_no_frames_are_too_short() -> None:
    assert movement_of(CameraMeter().trace()).reason == "too_short"


def test_a_flash_does_not_move_the_camera() -> None:
    frames = moved(x=0.1)
    frames[10] = np.full_like(frames[10], 255)
    found = camera_movement(frames, times(COUNT))
    assert found.movement_type == "pan_right"


def test_same_frames_give_the_same_answer_at_any_rate_that_is_high_enough() -> None:
    assert camera_movement(moved(x=0.1), times(COUNT)) == camera_movement(moved(x=0.1), times(COUNT))
    doubled = [frame for frame in moved(x=0.1) for _ in range(2)]
    fine = [at / (2 * RATE) for at in range(2 * COUNT)]
    assert camera_movement(doubled, fine).movement_type == "pan_right"


def test_black_bars_do_not_hold_the_camera_still() -> None:
    frames = moved(x=0.1)
    for frame in frames:
        frame[:14], frame[-14:] = 0, 0
    assert camera_movement(frames, times(COUNT)).movement_type == "pan_right"


def test_meter_refuses_what_is_not_a_shot() -> None:
    meter = CameraMeter()
    meter.add(view(SCENE), 1.0)
    with pytest.raises(ValueError, match="times"):
        meter.add(view(SCENE), 0.5)
    with pytest.raises(ValueError, match="size"):
        meter.add(np.zeros((50, 50), np.uint8), 2.0)
    with pytest.raises(ValueError, match="grey"):
        meter.add(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 2.0)
