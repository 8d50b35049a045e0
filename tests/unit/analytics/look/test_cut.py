import numpy as np
import pytest
from tests.unit.analytics.look.patches import boxed, grid

from dino_analytics.core.look.cut import cut, variety
from dino_analytics.core.look.objects import discover
from dino_analytics.core.look.refine import refined
from dino_analytics.core.look.subject import find_subject

WHITE = np.full((256, 256, 3), 255, np.uint8)


@pytest.mark.parametrize("box", [(4, 5, 11, 12), (0, 6, 5, 13), (2, 1, 14, 9)])
def test_a_thing_is_parted_from_its_ground(box):
    labels = boxed(box)
    found = cut(grid(labels))
    assert found is not None
    assert np.array_equal(found.foreground, labels > 0)
    assert found.confidence > 0.6
    assert found.soft[labels > 0].min() > 0.5 > found.soft[labels == 0].max()


def test_even_texture_has_no_subject():
    texture = grid(np.zeros((16, 16), int), noise=0.4)
    assert variety(texture) < 0.2
    assert find_subject(texture) is None
    assert discover(WHITE, texture) == []


def test_noise_alone_is_no_sure_cut():
    found = cut(grid(np.zeros((16, 16), int), noise=0.8))
    assert found is None or found.confidence < 0.2


def test_the_subject_is_where_it_is():
    subject = find_subject(grid(boxed((2, 8, 10, 14))))
    assert subject is not None
    assert (subject.left, subject.top, subject.right, subject.bottom) == (0.5, 0.125, 0.875, 0.625)
    assert subject.x == pytest.approx(11 / 16)
    assert subject.y == pytest.approx(6 / 16)
    assert subject.area == pytest.approx(48 / 256)


def test_things_that_do_not_touch_are_objects_of_their_own():
    boxes = ((2, 2, 6, 6), (9, 9, 14, 14))
    found = discover(WHITE, grid(boxed(*boxes)), refine=False, most=3)
    assert {(round(16 * o.top), round(16 * o.left), round(16 * o.bottom), round(16 * o.right)) for o in found} == set(
        boxes
    )
    assert all(0 < o.confidence <= 1 for o in found)


def test_no_more_objects_than_asked():
    boxes = ((1, 1, 4, 4), (1, 11, 4, 14), (11, 1, 14, 4), (11, 11, 14, 14))
    assert len(discover(WHITE, grid(boxed(*boxes)), refine=False, most=2)) == 2


def test_edges_move_to_those_of_the_picture():
    # A disc whose edge does not follow the patches.
    y, x = np.mgrid[0:256, 0:256]
    disc = (x - 130) ** 2 + (y - 120) ** 2 < 62**2
    picture = np.full((256, 256, 3), (60, 110, 60), np.uint8)
    picture[disc] = (220, 60, 40)
    noise = np.random.default_rng(3).integers(-12, 12, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    patches = disc.reshape(16, 16, 16, 16).mean(axis=(1, 3)) > 0.4
    coarse = np.kron(patches, np.ones((16, 16), bool))

    def overlap(mask: np.ndarray) -> float:
        return float((mask & disc).sum() / (mask | disc).sum())

    mask = refined(picture, patches.astype(np.float32), patches)
    assert overlap(mask) > 0.95 > overlap(coarse)
