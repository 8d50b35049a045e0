from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_video.core.tracking import box_labels, labels_box, mask_labels, patch_mask, refine_box_labels


@given(st.floats(0, 0.8), st.floats(0, 0.8), st.floats(0.05, 1), st.floats(0.05, 1))
def test_box_labels_cover_the_area_of_the_box(left: float, top: float, wide: float, high: float) -> None:
    right, bottom = min(1.0, left + wide), min(1.0, top + high)
    labels = box_labels((left, top, right, bottom), (16, 16))
    assert labels.mean() == pytest.approx((right - left) * (bottom - top), abs=1e-4)
    assert 0.0 <= labels.min() <= labels.max() <= 1.0 + 1e-6


@given(st.integers(0, 10), st.integers(0, 10), st.integers(3, 6), st.integers(3, 6))
def test_box_of_labels_is_the_box(row: int, column: int, rows: int, columns: int) -> None:
    box = column / 16, row / 16, (column + columns) / 16, (row + rows) / 16
    found = labels_box(box_labels(box, (16, 16)))
    assert found is not None
    np.testing.assert_allclose(found, box, atol=0.5 / 16)


def test_specks_do_not_widen_the_box() -> None:
    labels = box_labels((0.25, 0.25, 0.75, 0.75), (16, 16))
    labels[0, 15] = 1.0
    found = labels_box(labels)
    assert found is not None
    assert found[2] < 0.8


def test_no_labels_have_no_box() -> None:
    assert labels_box(np.zeros((8, 8), np.float32)) is None


def test_mask_goes_to_patches_and_back() -> None:
    mask = np.zeros((160, 320), bool)
    mask[40:120, 80:200] = True
    labels = mask_labels(mask, (16, 32))
    assert labels.sum() == pytest.approx(8 * 12)
    back = patch_mask(labels, (160, 320))
    assert (back & mask).sum() / (back | mask).sum() > 0.95


def test_a_tiny_mask_keeps_its_patch() -> None:
    mask = np.zeros((160, 160), bool)
    mask[75:78, 75:78] = True
    assert mask_labels(mask, (16, 16)).max() == 1.0


def test_refining_takes_the_background_out_of_the_corners() -> None:
    random = np.random.default_rng(1)
    grass, cat = random.standard_normal(16), random.standard_normal(16)
    y, x = np.mgrid[0:16, 0:16]
    disc = np.hypot(y - 7.5, x - 7.5) < 4.0
    features = np.where(disc[..., None], cat, grass) + 0.25 * random.standard_normal((16, 16, 16))
    refined = refine_box_labels(box_labels((0.25, 0.25, 0.75, 0.75), (16, 16)), features.astype(np.float32))
    np.testing.assert_array_equal(refined >= 0.5, disc)


def test_refining_leaves_a_box_that_cannot_be_told_from_its_surroundings() -> None:
    labels = np.ones((8, 8), np.float32)
    features = np.random.default_rng(2).standard_normal((8, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(refine_box_labels(labels, features), labels)


@pytest.mark.parametrize("box", [(0.5, 0.1, 0.5, 0.9), (-0.1, 0.0, 0.5, 0.5), (0.2, 0.3, 0.4, 1.2)])
def test_boxes_out_of_the_frame_are_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="box"):
        box_labels(box, (8, 8))
    with pytest.raises(ValueError, match="mask"):
        mask_labels(np.zeros((8, 8), bool), (4, 4))
