import cv2
import numpy as np
import pytest
from tests.unit.analytics.look.patches import boxed, grid

from dino_analytics.core.look.composition import compose, placement
from dino_analytics.core.look.subject import find_subject
from dino_common.look import Face

GREY = np.full((240, 320, 3), 128, np.uint8)


def subject_at(x: float, y: float):
    column, row = round(16 * x) - 2, round(16 * y) - 2
    return find_subject(grid(boxed((row, column, row + 4, column + 4))))


def test_a_subject_on_a_power_point_keeps_the_rule_of_thirds():
    on, off = compose(GREY, subject_at(1 / 3, 1 / 3)), compose(GREY, subject_at(0.5, 0.5))
    assert on.thirds.value is not None
    assert off.thirds.value is not None
    assert on.thirds.value > 0.9 > off.thirds.value + 0.2
    assert on.scheme == "rule_of_thirds"
    assert off.scheme == "centred"
    assert off.placement == "centre"


def test_without_a_subject_what_needs_one_is_unknown():
    facts = compose(GREY, None)
    assert facts.thirds.value is None
    assert facts.thirds.reason == "no_subject"
    assert facts.headroom.value is None
    assert facts.head_space is None
    assert facts.placement == "unknown"


def test_a_mirrored_picture_is_symmetrical():
    half = np.random.default_rng(4).integers(0, 255, (12, 8, 3)).astype(np.uint8)
    half = cv2.resize(half, (160, 240), interpolation=cv2.INTER_CUBIC)
    whole = np.concatenate([half, half[:, ::-1]], axis=1)
    facts = compose(whole, None)
    assert facts.symmetry.value is not None
    assert facts.symmetry.value > 0.95
    assert facts.symmetry_axis == "vertical"
    turned = compose(np.ascontiguousarray(whole.transpose(1, 0, 2)), None)
    assert turned.symmetry_axis == "horizontal"
    other = compose(np.concatenate([half, np.roll(half, 90, axis=0)], axis=1), None)
    assert other.symmetry.value is not None
    assert other.symmetry.value < 0.6


def test_lines_that_meet_lead_and_parallel_ones_do_not():
    road, stripes = np.full((480, 640, 3), 200, np.uint8), np.full((480, 640, 3), 200, np.uint8)
    for end in range(-500, 1200, 130):
        cv2.line(road, (320, 160), (end, 480), (20, 20, 20), 3, cv2.LINE_AA)
        cv2.line(stripes, (end, 0), (end + 300, 480), (20, 20, 20), 3, cv2.LINE_AA)
    meets, parallel = compose(road, None), compose(stripes, None)
    assert meets.leading.value is not None
    assert meets.leading.value > 0.5
    assert meets.convergence is not None
    assert (meets.convergence.x, meets.convergence.y) == pytest.approx((0.5, 1 / 3), abs=0.04)
    assert not parallel.leading.value or parallel.leading.value < 0.4


def test_weight_on_one_side_is_off_balance():
    lopsided = GREY.copy()
    lopsided[:, 250:] = (255, 40, 0)
    facts = compose(lopsided, None)
    assert facts.balance_point[0] > 0.6
    assert (facts.balance.value or 0) < (compose(GREY, None).balance.value or 0)


def test_headroom_is_measured_from_a_face_where_a_detector_found_one():
    facts = compose(GREY, None, [Face(0.4, 0.2, 0.6, 0.45, 0.9)])
    assert facts.head_space == pytest.approx(0.1)
    assert facts.headroom.value == pytest.approx(1.0)
    tight = compose(GREY, None, [Face(0.4, 0.0, 0.6, 0.25, 0.9)])
    assert (tight.headroom.value or 0) < 0.6


@pytest.mark.parametrize(
    ("x", "y", "word"), [(0.5, 0.5, "centre"), (0.2, 0.5, "left"), (0.8, 0.9, "bottom_right"), (0.5, 0.1, "top")]
)
def test_places_have_names(x, y, word):
    assert placement(x, y) == word


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError):
        compose(np.zeros((8, 8, 3), np.uint8), None)
    with pytest.raises(ValueError):
        compose(np.zeros((64, 64), np.uint8), None)  # type: ignore[arg-type]
