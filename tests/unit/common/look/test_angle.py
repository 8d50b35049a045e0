from __future__ import annotations

import cv2
import numpy as np
import pytest

from dino_common.look import camera_angle

WIDTH, HEIGHT = 640, 360


def facade(pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Posts before a wall; the camera is pitched up and rolled clockwise by degrees, its focal length is 1 width."""
    frame = np.full((HEIGHT, WIDTH), 110, np.uint8)
    up, turn = np.radians(pitch), np.radians(roll)
    centre = np.tan(up) * 4.0
    for index, x in enumerate(np.linspace(-2.2, 2.2, 19)):
        ends = []
        for y in (centre - 1.6, centre + 1.6):
            depth = np.cos(up) * 4.0 + np.sin(up) * y
            height = -np.sin(up) * 4.0 + np.cos(up) * y
            u, v = x / depth, -height / depth
            # A camera that rolls clockwise sees the scene turned the other way.
            u, v = np.cos(turn) * u + np.sin(turn) * v, -np.sin(turn) * u + np.cos(turn) * v
            ends.append((round((u + 0.5) * WIDTH), round(v * WIDTH + HEIGHT / 2)))
        cv2.line(frame, ends[0], ends[1], 230 if index % 2 else 20, 4, cv2.LINE_AA)
    return frame


@pytest.mark.parametrize(
    ("pitch", "roll", "name"),
    [(0, 0, "eye_level"), (20, 0, "low_angle"), (-20, 0, "high_angle"), (0, 14, "dutch"), (0, -14, "dutch")],
)
def test_upright_lines_tell_the_angle(pitch: float, roll: float, name: str) -> None:
    found = camera_angle([facade(pitch, roll)])
    assert found.camera_angle == name
    assert found.pitch == pytest.approx(pitch, abs=4)
    assert found.roll == pytest.approx(roll, abs=3)
    assert 0.2 < found.confidence <= 0.7


def test_what_has_no_upright_lines_is_unknown() -> None:
    random = np.random.default_rng(0)
    meadow = np.clip(128 + 40 * random.standard_normal((HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
    for frame in (np.full((HEIGHT, WIDTH), 90, np.uint8), meadow):
        found = camera_angle([frame])
        assert (found.camera_angle, found.confidence) == ("unknown", 0.0)
        assert found.reason is not None


def test_most_frames_decide() -> None:
    found = camera_angle([facade(20), facade(20), facade(0)])
    assert found.camera_angle == "low_angle"
    assert found.confidence < camera_angle([facade(20)]).confidence


def test_no_frames_are_unknown() -> None:
    assert camera_angle([]).camera_angle == "unknown"
