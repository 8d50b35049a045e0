"""The same photograph, changed as uploads change it: pictures that ship inside scikit-image and scikit-learn."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

# Only files inside the wheels; others of scikit-image would be downloaded. Drawings and bare textures stay
# out.
NAMES = (
    "astronaut",
    "brick",
    "camera",
    "cell",
    "chelsea",
    "clock",
    "coffee",
    "coins",
    "grass",
    "gravel",
    "hubble_deep_field",
    "immunohistochemistry",
    "microaneurysms",
    "moon",
    "page",
    "retina",
    "rocket",
    "text",
)
SKLEARN = ("china.jpg", "flower.jpg")
# The two views of one stereo pair: the same scene, not the same picture.
STEREO = "motorcycle"


@dataclass(frozen=True)
class Variant:
    """One encoded picture: ``subject`` names the photograph, ``change`` what was done to it."""

    subject: str
    change: str
    data: bytes


def originals() -> dict[str, Image.Image]:
    """Load every photograph as RGB."""
    import skimage.data
    from sklearn.datasets import load_sample_image

    found = {name: Image.fromarray(np.asarray(getattr(skimage.data, name)())) for name in NAMES}
    found |= {name.partition(".")[0]: Image.fromarray(load_sample_image(name)) for name in SKLEARN}
    left, _, _ = skimage.data.stereo_motorcycle()
    found[STEREO] = Image.fromarray(left)
    return {name: picture.convert("RGB") for name, picture in found.items()}


def variants() -> list[Variant]:
    """Encode each photograph as it is and with each change of ``CHANGES``."""
    return [
        Variant(subject, change, make(picture))
        for subject, picture in originals().items()
        for change, make in CHANGES.items()
    ]


def _jpeg(picture: Image.Image, quality: int = 95) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _resized(factor: float) -> Callable[[Image.Image], bytes]:
    return lambda picture: _jpeg(
        picture.resize((max(64, int(picture.width * factor)), max(64, int(picture.height * factor))))
    )


def _cropped(part: float, across: float, down: float) -> Callable[[Image.Image], bytes]:
    """Keep ``part`` of each side; ``across`` and ``down`` (0–1) say from where."""

    def make(picture: Image.Image) -> bytes:
        width, height = int(picture.width * part), int(picture.height * part)
        left, top = int((picture.width - width) * across), int((picture.height - height) * down)
        return _jpeg(picture.crop((left, top, left + width, top + height)))

    return make


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "original": lambda picture: _encoded(picture, "PNG"),
    "jpeg-90": lambda picture: _jpeg(picture, 90),
    "jpeg-50": lambda picture: _jpeg(picture, 50),
    "jpeg-25": lambda picture: _jpeg(picture, 25),
    "webp-70": lambda picture: _encoded(picture, "WEBP", quality=70),
    "half": _resized(0.5),
    "double": _resized(2.0),
    "crop-95": _cropped(0.95, 0.5, 0.5),
    "crop-90-corner": _cropped(0.9, 0.0, 0.0),
    "crop-85": _cropped(0.85, 0.5, 0.5),
}
