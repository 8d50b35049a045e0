"""Pictures that are no assets: fitted to the model, and refused when they are no pictures."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from dino_common.contracts.pixels import EmbedPixelsRequest
from dino_inference.handlers.pixels import stretched


def test_stretching_covers_the_whole_picture():
    pixels = np.zeros((2, 40, 100, 3), np.uint8)
    pixels[:, :, 50:] = 200
    fitted = stretched(pixels, (28, 28))
    assert [picture.shape for picture in fitted] == [(28, 28, 3)] * 2
    assert (fitted[0][:, :14] == 0).all()
    assert (fitted[0][:, 14:] == 200).all()


def test_fitting_picture_is_not_touched():
    pixels = np.random.default_rng(3).integers(0, 255, (1, 28, 28, 3), dtype=np.uint8)
    assert np.shares_memory(stretched(pixels, (28, 28))[0], pixels)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 28, 28, 3), np.float32),
        np.zeros((28, 28, 3), np.uint8),
        np.zeros((0, 28, 28, 3), np.uint8),
        np.zeros((33, 28, 28, 3), np.uint8),
        np.zeros((1, 8, 28, 3), np.uint8),
        np.zeros((1, 28, 1025, 3), np.uint8),
        np.zeros((3, 1024, 1024, 3), np.uint8),
        "pixels",
    ],
)
def test_what_is_no_stack_of_pictures_is_refused(pixels: object):
    with pytest.raises(ValidationError):
        EmbedPixelsRequest.model_validate({"pixels": pixels})
