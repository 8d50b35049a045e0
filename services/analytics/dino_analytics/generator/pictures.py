"""The reference that a generator is sent, and the picture that it made as the bus can carry it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from dino_analytics.generator.order import Reference
from dino_common.imaging import ImageLimits, decode_rgb

REFERENCE_SIDE = 1536
"""Longer side of the reference in pixels, at most."""
MOST_BYTES = 6 * 1024 * 1024
"""Most bytes of a picture in one message; a larger one is encoded anew."""


def reference_of(pixels: np.ndarray) -> Reference:
    """Return the picture, uint8 (height, width, 3), as a JPEG of at most ``REFERENCE_SIDE`` pixels a side."""
    image = Image.fromarray(pixels)
    image.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE), Image.Resampling.LANCZOS)
    return Reference(_jpeg(image), "image/jpeg", image.width, image.height)


def carried(data: bytes, limits: ImageLimits) -> bytes:
    """Return a picture's bytes; as a JPEG of quality 95 where they are more than ``MOST_BYTES``.

    Raises:
        InvalidFileFormat, FileTooLarge: it is no whole picture within the limits.
    """
    if len(data) <= MOST_BYTES:
        return data
    return _jpeg(Image.fromarray(decode_rgb(data, limits)))


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()
