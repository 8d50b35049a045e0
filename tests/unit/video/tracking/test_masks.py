from __future__ import annotations

import base64

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dino_video.core.tracking.masks import mask_size, png, runs


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_runs_give_the_mask_back(mask):
    counts = runs(mask)
    assert sum(counts) == mask.size
    values = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    np.testing.assert_array_equal(values.reshape(mask.shape, order="F"), mask)


def test_runs_are_those_of_coco():
    mask = np.array([[0, 1, 1], [0, 0, 1]], bool)
    assert runs(mask) == [2, 1, 1, 2]
    assert runs(~mask) == [0, 2, 1, 1, 2]


def test_a_png_gives_the_mask_back():
    mask = np.zeros((90, 160), bool)
    mask[20:60, 30:100] = True
    data = base64.b64decode(png(mask))
    assert len(data) < 300
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(picture > 127, mask)


def test_masks_are_no_larger_than_they_need_be():
    assert mask_size(320, 180) == (180, 320)
    assert mask_size(3840, 2160) == (576, 1024)
