"""Points of a body tell its height, what is seen of it, how it stands and where it faces."""

from __future__ import annotations

import numpy as np
import pytest

from dino_inference.core.people.body import ANKLES, HIPS, KNEES, SHOULDERS, body_facts
from dino_inference.core.people.head import head_turned

SIZE = (1000, 1000)


def upright(tall: float = 800.0, top: float = 100.0, x: float = 500.0) -> np.ndarray:
    """A person who faces the camera: float32 (33, 2)."""
    points = np.full((33, 2), (x, top + 0.07 * tall), np.float32)
    for pair, share in ((SHOULDERS, 0.182), (HIPS, 0.47), (KNEES, 0.715), (ANKLES, 0.961)):
        wide = 0.17 if pair == SHOULDERS else 0.1
        points[pair[0]] = x + wide * tall / 2, top + share * tall
        points[pair[1]] = x - wide * tall / 2, top + share * tall
    return points


SEEN = np.ones(33, np.float32)


def test_a_whole_figure_is_as_tall_as_it_is() -> None:
    facts = body_facts(upright(), SEEN, SIZE)
    assert facts is not None
    assert facts.height == pytest.approx(0.8, rel=0.05)
    assert (facts.lowest, facts.posture, facts.facing) == ("ankles", "standing", "camera")
    assert facts.bottom == pytest.approx(0.1 + 0.961 * 0.8, abs=0.01)


def test_one_who_is_cut_off_at_the_waist_is_taller_than_the_picture() -> None:
    facts = body_facts(upright(tall=2000, top=50), SEEN, SIZE)
    assert facts is not None
    assert facts.height == pytest.approx(2.0, rel=0.15)
    assert facts.lowest == "hips"
    assert facts.posture == "unknown"


def test_one_seen_from_behind_faces_away() -> None:
    points = upright()
    points[:, 0] = 1000 - points[:, 0]
    facts = body_facts(points, SEEN, SIZE)
    assert facts is not None
    assert facts.facing == "away"


def test_a_torso_that_lies_is_lying() -> None:
    points = upright()[:, ::-1].copy()
    facts = body_facts(points, SEEN, SIZE)
    assert facts is not None
    assert facts.posture == "lying"


def test_level_thighs_are_of_one_who_sits() -> None:
    points = upright()
    for side in (0, 1):
        points[KNEES[side]] = points[HIPS[side]] + (20, 40)
        points[ANKLES[side]] = points[KNEES[side]] + (0, 190)
    facts = body_facts(points, SEEN, SIZE)
    assert facts is not None
    assert facts.posture == "sitting"


def test_without_shoulders_nothing_is_told() -> None:
    hidden = SEEN.copy()
    hidden[list(SHOULDERS)] = 0.1
    assert body_facts(upright(), hidden, SIZE) is None
    assert body_facts(upright(x=-400), SEEN, SIZE) is None


def test_what_is_hardly_seen_is_less_sure() -> None:
    dim = body_facts(upright(), SEEN * 0.6, SIZE)
    clear = body_facts(upright(), SEEN, SIZE)
    assert dim is not None
    assert clear is not None
    assert dim.sure < clear.sure


@pytest.mark.parametrize(("nose", "side"), [(50, "camera"), (55, "camera"), (25, "left"), (80, "right")])
def test_the_nose_between_the_ears_tells_where_a_head_is_turned(nose: float, side: str) -> None:
    points = np.array([[35, 40], [65, 40], [nose, 55], [50, 70], [20, 45], [80, 45]], np.float32)
    assert head_turned(points) == side
