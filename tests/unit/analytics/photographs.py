"""Photographs that ship in packages, and the ways to distort them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image

RGB = NDArray[np.uint8]

SCIKIT_IMAGE = [
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "retina.jpg",
    "rocket.jpg",
]
CROPS = {
    "astronaut face": ("astronaut", 0, 256, 100, 356),
    "cat face": ("chelsea", 40, 260, 60, 400),
    "coffee cup": ("coffee", 60, 360, 150, 550),
    "galaxies": ("hubble_deep_field", 200, 700, 250, 750),
    "launch pad": ("rocket", 0, 300, 200, 600),
    "optic disc": ("retina", 400, 1000, 400, 1000),
    "wheel": ("motorcycle_left", 250, 500, 371, 741),
    "workshop left": ("motorcycle_left", 0, 250, 0, 370),
    "workshop right": ("motorcycle_right", 0, 250, 371, 741),
}


def read(path: Path) -> RGB:
    """A file as (h, w, 3) uint8 RGB."""
    return np.asarray(Image.open(path).convert("RGB"))


def scikit_image_photographs() -> dict[str, RGB]:
    """The 16 photographs in scikit-image's wheel and 9 crops of them."""
    folder = Path(skimage.__file__).parent / "data"
    found = {Path(name).stem: read(folder / name) for name in SCIKIT_IMAGE}
    for name, (parent, top, bottom, left, right) in CROPS.items():
        found[name] = np.ascontiguousarray(found[parent][top:bottom, left:right])
    return found


def blurred(rgb: RGB, sigma: float) -> RGB:
    """Gaussian blur, sigma in native pixels."""
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), dtype=np.uint8)


def noisy(rgb: RGB, sigma: float) -> RGB:
    """White Gaussian noise in each channel, sigma in grey levels, always the same draw."""
    noise = np.random.default_rng(7).normal(0.0, sigma, rgb.shape)
    return np.clip(np.rint(rgb + noise), 0, 255).astype(np.uint8)


def flattened(rgb: RGB, factor: float) -> RGB:
    """Contrast about the mean multiplied by the factor."""
    mean = float(rgb.mean())
    return np.clip(np.rint(mean + (rgb - mean) * factor), 0, 255).astype(np.uint8)


def exposed(rgb: RGB, stops: float) -> RGB:
    """Linear light multiplied by 2^stops, clipped, encoded as sRGB again."""
    v = rgb / 255.0
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4) * 2.0**stops
    linear = np.clip(linear, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255.0 * encoded).astype(np.uint8)


def recompressed(rgb: RGB, quality: float) -> RGB:
    """The picture after JPEG at this quality."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=int(quality))
    return np.asarray(Image.open(buffer))


@dataclass(frozen=True)
class Distortion:
    """A distortion, its strengths from mild to strong, and the metric that must answer (sign: direction)."""

    name: str
    apply: Callable[[RGB, float], RGB]
    strengths: tuple[float, ...]
    metric: str
    sign: int


DISTORTIONS = (
    Distortion("blur", blurred, (1.0, 2.0, 4.0), "sharpness", -1),
    Distortion("noise", noisy, (10.0, 20.0, 40.0), "noise_level", +1),
    Distortion("contrast", flattened, (0.7, 0.5, 0.3), "contrast", -1),
    Distortion("darker", exposed, (-1.0, -2.0, -3.0), "exposure", -1),
    Distortion("brighter", exposed, (1.0, 2.0, 3.0), "exposure", -1),
    Distortion("jpeg", recompressed, (60.0, 30.0, 10.0), "compression", +1),
)


def corrects(distortion: Distortion, mean_luma: float) -> bool:
    """Whether a shift of exposure moves a dark or bright picture towards the middle, so it may improve it.

    Dark is a mean luma under 0.35 and bright over 0.55 of 1.
    """
    return (distortion.name == "brighter" and mean_luma < 0.35) or (distortion.name == "darker" and mean_luma > 0.55)
