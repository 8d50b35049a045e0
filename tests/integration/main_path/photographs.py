"""Real photographs from scikit-image's wheel, and honest changes of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image
from skimage import data

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins")


@lru_cache
def picture(name: str) -> Image.Image:
    """One photograph as RGB."""
    return Image.fromarray(np.asarray(getattr(data, name)())).convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The picture as a file's bytes."""
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 92} if kind == "JPEG" else {}) | options)
    return out.getvalue()


def jpeg(name: str) -> bytes:
    """One photograph as a good JPEG."""
    return encoded(picture(name))


def _cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 20, height // 20, width - width // 20, height - height // 20))


# What happens to a picture on its way through other people's software; its subject stays the same.
SAME_PICTURE: dict[str, Callable[[Image.Image], bytes]] = {
    "re-encoded": lambda image: encoded(image, quality=55),
    "halved": lambda image: encoded(image.resize((image.width // 2, image.height // 2))),
    "cropped by a tenth": lambda image: encoded(_cropped(image)),
    "as WEBP": lambda image: encoded(image, "WEBP", quality=80),
}
