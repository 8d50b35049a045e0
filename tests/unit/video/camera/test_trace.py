from __future__ import annotations

import numpy as np
import pytest
from tests.unit.video.camera.scenes import paste, texture, times, view

from dino_video.core.camera import CameraTrace, camera_movement, joined, movement_of, trace_of

SCENE, OTHER = texture(1), texture(2)
RIGHT = [view(SCENE, 0.1 * time) for time in times(30)]
CLOSER = [view(OTHER, zoom=1.15**time) for time in times(30)]


def test_a_film_is_measured_first_and_cut_into_shots_later() -> None:
    trace = trace_of(RIGHT + CLOSER, times(60))
    first, second = trace.between(0.0, 1.5), trace.between(1.5, 3.0)
    assert movement_of(first).movement_type == "pan_right"
    assert movement_of(second).movement_type == "zoom_in"
    assert len(first.frames) + len(second.frames) == len(trace.frames)
    # The pair that spans the cut belongs to neither.
    assert len(first.pairs) + len(second.pairs) == len(trace.pairs) - 1


def test_shots_of_a_film_are_judged_as_if_they_stood_alone() -> None:
    whole = movement_of(trace_of(RIGHT + CLOSER, times(60)).between(0.0, 1.5))
    alone = camera_movement(RIGHT, times(30))
    assert whole.movement_type == alone.movement_type
    assert whole.pan_rate == pytest.approx(alone.pan_rate, rel=0.02)


def test_chunks_measured_apart_make_one_trace_in_any_order() -> None:
    at = times(30)
    one, two = trace_of(RIGHT[:14], at[:14]), trace_of(RIGHT[14:], at[14:])
    together = movement_of(joined([two, one]))
    assert together.movement_type == "pan_right"
    assert together.pan_rate == pytest.approx(camera_movement(RIGHT, at).pan_rate, rel=0.02)


def test_a_kept_trace_is_the_same_trace() -> None:
    trace = trace_of(RIGHT, times(30))
    assert trace.windows
    assert CameraTrace.of_arrays(trace.arrays()) == trace
    empty = CameraTrace((), (), ())
    assert CameraTrace.of_arrays(empty.arrays()) == empty
    assert movement_of(empty).reason == "too_short"


def test_light_is_counted_by_frame() -> None:
    frames = [*RIGHT[:6], *[np.zeros_like(RIGHT[0])] * 4, *[np.full_like(RIGHT[0], 90)] * 3]
    trace = trace_of(frames, [at / 10 for at in range(13)])
    assert (len(trace.frames), trace.dark, trace.flat) == (13, 4, 3)


def test_activity_counts_subjects_too() -> None:
    still = [view(SCENE)] * 30
    walked = [paste(view(SCENE), OTHER, 10 + 60 * time, 30, 50) for time in times(30)]
    assert trace_of(still, times(30)).activity == pytest.approx(0.0, abs=1e-3)
    assert trace_of(walked, times(30)).activity > 0.01
    assert trace_of(RIGHT, times(30)).activity == pytest.approx(0.1, rel=0.05)
