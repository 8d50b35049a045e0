from __future__ import annotations

import base64
from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import cv2
import numpy as np
import pytest
from tests.unit.video.films import encoded, moving

from dino_common.contracts.tracking import ObjectStart, TrackedItem, TrackSummary
from dino_common.errors import InvalidRequest
from dino_video.core.media.facts import VideoFacts, probe
from dino_video.tracking import courses as module
from dino_video.tracking.courses import Courses
from dino_video.tracking.starts import starts_of
from dino_video.tracking.summary import summary

GRID, WIDTH = (10, 16), 24
_RANDOM = np.random.default_rng(8)
GROUND = _RANDOM.standard_normal((*GRID, WIDTH)).astype(np.float32)
KIND = 1.5 * _RANDOM.standard_normal(WIDTH).astype(np.float32)
THING = KIND + 0.6 * _RANDOM.standard_normal((4, 4, WIDTH)).astype(np.float32)


@pytest.fixture(scope="module")
def facts() -> VideoFacts:
    """A film shown in 320 × 200 pixels, 25 frames a second."""
    found = probe(BytesIO(encoded(moving(1, 3))))
    return replace(found, width=320, height=200, nominal_rate=Fraction(25))


def patches(column: int | None) -> np.ndarray:
    scene = GROUND.copy()
    if column is not None:
        scene[3:7, column : column + 4] = THING
    return scene


def encoded_mask(mask: np.ndarray) -> str:
    _, data = cv2.imencode(".png", mask)
    return base64.b64encode(data.tobytes()).decode()


def followed(facts: VideoFacts, start: ObjectStart, columns: list[int | None], **more) -> Courses:
    found = Courses(starts_of([start], facts), facts, **more)
    for number, column in enumerate(columns):
        found.take(Fraction(number, 25), patches(column))
    return found


def test_boxes_come_in_pixels_of_the_film(facts):
    found = followed(facts, ObjectStart(box=[40, 60, 80, 80]), [2, 3, 4])
    items = [TrackedItem.model_validate(item) for item in found.items[0]]
    for number, item in enumerate(items):
        assert (item.frame, item.timecode, item.state) == (number, f"00:00:00:{number:02d}", "tracked")
        np.testing.assert_allclose(item.box, [20.0 * (2 + number), 60, 80, 80], atol=12)


@pytest.mark.parametrize("kind", ["grey", "alpha", "wide"])
def test_a_mask_starts_like_the_box_that_it_fills(facts, kind):
    mask = np.zeros((200, 320), np.uint8)
    mask[60:140, 40:120] = 255
    given = {
        "grey": mask,
        "alpha": np.dstack([np.full_like(mask, 255)] * 3 + [mask]),
        "wide": mask.astype(np.uint16) * 257,
    }[kind]
    one = followed(facts, ObjectStart(mask=encoded_mask(given)), [2, 3])
    assert one.items[0][0]["box"] == [40.0, 60.0, 80.0, 80.0]
    assert one.items[0][1]["state"] == "tracked"


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([300, 10, 40, 20], "outside the picture of 320×200"),
        ([-1, 10, 40, 20], "outside"),
        ([10, 190, 40, 20], "outside"),
        ([10, 10, 0.5, 20], "a pixel or more"),
    ],
)
def test_a_box_outside_the_picture_is_refused(facts, box, message):
    with pytest.raises(InvalidRequest, match=message):
        starts_of([ObjectStart(box=box)], facts)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (encoded_mask(np.full((100, 160), 255, np.uint8)), "160×100 pixels; the film is shown in 320×200"),
        (encoded_mask(np.zeros((200, 320), np.uint8)), "empty"),
        (encoded_mask(np.full((200, 320), 255, np.uint8))[:60] + "AAAA", "damaged"),
        (base64.b64encode(b"GIF89a" + bytes(40)).decode(), "not a PNG"),
        ("not base64!", "not base64"),
    ],
)
def test_a_mask_that_is_none_of_the_film_is_refused(facts, mask, message):
    with pytest.raises(InvalidRequest, match=message):
        starts_of([ObjectStart(mask=mask)], facts)


def test_an_object_smaller_than_a_patch_is_followed(facts):
    found = followed(facts, ObjectStart(box=[50, 70, 4, 4]), [2, 2])
    assert found.items[0][0]["box"] is not None


def test_losses_and_finds_are_told(facts):
    found = followed(facts, ObjectStart(box=[40, 60, 80, 80]), [2, 3, None, None, 9, 9, None])
    told = TrackSummary.model_validate(summary(found.items[0]))
    assert (told.frames, told.seen_frames) == (7, 4)
    assert [(one.start_frame, one.end_frame) for one in told.lost] == [(2, 4), (6, None)]
    assert told.found_times == [0.16]


def test_courses_go_on_where_they_were_saved(facts):
    columns = [2, 3, None, None, 9, 8]
    whole = followed(facts, ObjectStart(box=[40, 60, 80, 80]), columns, masks="rle")
    first = followed(facts, ObjectStart(box=[40, 60, 80, 80]), columns[:3], masks="rle")
    again = Courses(first.starts, facts, "rle")
    again.restore(first.saved(), first.items)
    for number in (3, 4, 5):
        again.take(Fraction(number, 25), patches(columns[number]))
    assert again.items == whole.items
    assert (again.size, again.frames, again.last, again.grid) == (whole.size, whole.frames, whole.last, whole.grid)


def test_an_answer_has_an_end(facts, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_ANSWER", 2000)
    found = Courses(starts_of([ObjectStart(box=[40, 60, 80, 80])], facts), facts)
    number = 0
    while not found.full:
        found.take(Fraction(number, 25), patches(2))
        number += 1
    assert 4 < number < 10
    assert found.size <= 2000
