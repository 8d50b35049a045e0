from __future__ import annotations

import numpy as np
import pytest

from dino_video.core.tracking import ObjectTracker, box_labels, track

ROWS, COLUMNS, WIDTH = 16, 20, 32
_RANDOM = np.random.default_rng(5)
BACKGROUND = _RANDOM.standard_normal((ROWS, COLUMNS, WIDTH)).astype(np.float32)
KIND = _RANDOM.standard_normal(WIDTH).astype(np.float32) * 1.3
OBJECT = KIND + 0.7 * _RANDOM.standard_normal((4, 4, WIDTH)).astype(np.float32)


def frame(row: int | None, column: int = 0, noise: float = 0.15, seed: int = 0) -> np.ndarray:
    """The object's patches before the background, or the background alone."""
    scene = BACKGROUND.copy()
    if row is not None:
        scene[row : row + 4, column : column + 4] = OBJECT
    return scene + noise * np.random.default_rng(seed).standard_normal(scene.shape).astype(np.float32)


def box_at(row: int, column: int) -> tuple[float, float, float, float]:
    return column / COLUMNS, row / ROWS, (column + 4) / COLUMNS, (row + 4) / ROWS


def start(row: int = 5, column: int = 1) -> np.ndarray:
    return box_labels(box_at(row, column), (ROWS, COLUMNS))


def test_a_moving_object_is_followed() -> None:
    found = track((frame(5, 1 + at, seed=at) for at in range(12)), start())
    assert [one.state for one in found] == ["tracked"] * 12
    for at, one in enumerate(found):
        assert one.box is not None
        np.testing.assert_allclose(one.box, box_at(5, 1 + at), atol=0.04)
        assert one.confidence > 0.8
        assert one.area == pytest.approx(16 / (ROWS * COLUMNS), rel=0.35)


def test_an_object_that_leaves_is_lost_and_found_where_it_comes_back() -> None:
    course = [(5, 1), (5, 2), (5, 3), None, None, None, None, (9, 14), (9, 13)]
    frames = [frame(*place, seed=at) if place else frame(None, seed=at) for at, place in enumerate(course)]
    found = track(frames, start())
    assert [one.state for one in found] == ["tracked"] * 3 + ["lost"] * 4 + ["found", "tracked"]
    assert all(one.box is None and one.confidence == 0.0 and not one.labels.any() for one in found[3:7])
    for one, place in zip(found[7:], course[7:], strict=True):
        assert one.box is not None
        np.testing.assert_allclose(one.box, box_at(*place), atol=0.04)


def test_another_object_that_comes_in_its_place_is_not_it() -> None:
    other = np.random.default_rng(77).standard_normal((4, 4, WIDTH)).astype(np.float32)
    frames = [frame(5, 1), frame(None, seed=1), frame(None, seed=2)]
    for at in range(3):
        scene = frame(None, seed=3 + at)
        scene[5:9, 1:5] = other
        frames.append(scene)
    assert [one.state for one in track(frames, start())] == ["tracked"] + ["lost"] * 5


def test_a_half_hidden_object_is_still_tracked() -> None:
    frames = [frame(5, 1)]
    for at in range(3):
        scene = frame(5, 2, seed=at)
        scene[5:9, 4:6] = np.random.default_rng(3).standard_normal((4, 2, WIDTH))
        frames.append(scene)
    found = track(frames, start())
    assert [one.state for one in found] == ["tracked"] * 4
    assert found[-1].box is not None
    assert found[-1].box[2] <= 5 / COLUMNS


def test_tracking_twice_gives_the_same() -> None:
    frames = [frame(5, 1 + at, seed=at) for at in range(5)]
    one, two = track(frames, start()), track(frames, start())
    assert [a.box for a in one] == [b.box for b in two]


def test_a_whole_frame_can_be_the_object() -> None:
    found = track([frame(5, 1), frame(5, 2)], np.ones((ROWS, COLUMNS), np.float32))
    assert found[1].box == (0.0, 0.0, 1.0, 1.0)


def test_an_object_without_a_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="covers no patch"):
        ObjectTracker.start(frame(5, 1), np.full((ROWS, COLUMNS), 0.3, np.float32))
