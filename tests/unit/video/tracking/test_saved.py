from __future__ import annotations

import numpy as np

from dino_common.bus import codec
from dino_video.core.tracking import ObjectTracker, box_labels

GRID, WIDTH = (12, 12), 24
_RANDOM = np.random.default_rng(3)
GROUND = _RANDOM.standard_normal((*GRID, WIDTH)).astype(np.float32)
THING = _RANDOM.standard_normal((3, 3, WIDTH)).astype(np.float32)


def frame(at: int) -> np.ndarray:
    scene = GROUND + 0.1 * np.random.default_rng(at).standard_normal(GROUND.shape).astype(np.float32)
    if not 8 <= at < 11:
        scene[4:7, at % 9 : at % 9 + 3] = THING
    return scene


def test_a_tracker_that_was_saved_goes_on_exactly_as_it_would_have():
    """Also from the middle of a loss, and across the wire."""
    for saved_at in (1, 5, 9, 12):
        whole = ObjectTracker.start(frame(0), box_labels((0, 4 / 12, 3 / 12, 7 / 12), GRID))
        for at in range(1, saved_at):
            whole.step(frame(at))
        again = ObjectTracker.restored(codec.unpack(codec.pack(whole.saved())))
        states = []
        for at in range(saved_at, 18):
            one, two = whole.step(frame(at)), again.step(frame(at))
            states.append(one.state)
            assert (one.state, one.box, one.area, one.confidence) == (two.state, two.box, two.area, two.confidence)
            np.testing.assert_array_equal(one.labels, two.labels)
        if saved_at < 9:
            assert {"tracked", "lost", "found"} == set(states)
