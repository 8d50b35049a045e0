from __future__ import annotations

import cv2
import numpy as np
import pytest

from dino_common.look import Body, Face, shot_scale

_TEXTURE = np.random.default_rng(0).integers(0, 255, (180, 320)).astype(np.uint8)


@pytest.mark.parametrize(
    ("height", "name"),
    [
        (0.03, "extreme_wide"),
        (0.07, "wide"),
        (0.12, "medium_wide"),
        (0.2, "medium"),
        (0.3, "medium_close_up"),
        (0.5, "close_up"),
        (0.9, "extreme_close_up"),
    ],
)
def test_the_largest_face_tells_the_scale(height: float, name: str) -> None:
    faces = [Face(0.1, 0.1, 0.2, 0.12), Face(0.4, 0.02, 0.6, 0.02 + height)]
    found = shot_scale(_TEXTURE, faces)
    assert (found.shot_scale, found.source) == (name, "faces")
    assert found.confidence > 0.5


def test_a_face_near_a_bound_is_less_sure() -> None:
    near, clear = (shot_scale(_TEXTURE, [Face(0.4, 0.1, 0.6, 0.1 + height)]).confidence for height in (0.251, 0.3))
    assert near < clear


def test_without_faces_a_sharp_middle_in_a_blur_is_close_and_hardly_sure() -> None:
    soft = cv2.GaussianBlur(_TEXTURE.astype(np.float32), (0, 0), 9)
    frame = 128 + 14 * (soft - soft.mean())
    frame[40:150, 95:225] = _TEXTURE[40:150, 95:225]
    found = shot_scale(np.clip(frame, 0, 255).astype(np.uint8))
    assert found.shot_scale in ("close_up", "medium_close_up")
    assert found.source == "focus"
    assert found.confidence < 0.5


def test_what_tells_nothing_is_unknown() -> None:
    assert shot_scale(_TEXTURE).shot_scale == "unknown"
    assert shot_scale(_TEXTURE, []).reason == "no_person_found"
    assert shot_scale(np.zeros((90, 160), np.uint8)).reason == "too_dark"
    assert shot_scale(np.full((90, 160), 128, np.uint8)).reason == "no_texture"


@pytest.mark.parametrize(
    ("height", "name"),
    [(0.25, "extreme_wide"), (0.7, "wide"), (1.2, "medium_wide"), (1.9, "medium"), (3.0, "medium_close_up")],
)
def test_without_a_face_the_tallest_body_tells_the_scale(height: float, name: str) -> None:
    bodies = [Body(0.1, 0.5, 0.2, 0.6, 0.9, 0.1), Body(0.4, 0.1, 0.6, 0.9, 0.9, height)]
    found = shot_scale(_TEXTURE, [], bodies)
    assert (found.shot_scale, found.source) == (name, "bodies")
    # The same scale by a face is surer.
    tall = 0.107 * height
    assert found.confidence < shot_scale(_TEXTURE, [Face(0.4, 0.0, 0.6, tall, 0.9)]).confidence


def test_a_face_goes_before_a_body() -> None:
    found = shot_scale(_TEXTURE, [Face(0.4, 0.1, 0.6, 0.4)], [Body(0, 0, 1, 1, 1.0, 0.4)])
    assert (found.shot_scale, found.source) == ("medium_close_up", "faces")


def test_where_nobody_looked_that_is_the_reason() -> None:
    assert shot_scale(_TEXTURE).reason == "no_detector"
    assert shot_scale(_TEXTURE, [], []).reason == "no_person_found"
