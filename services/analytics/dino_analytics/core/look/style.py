"""How alike the looks of two pictures are, whatever they show."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.look import Lighting, Swatch, lighting, palette

Float = NDArray[np.float64]
RGB = NDArray[np.uint8]

PALETTE_FAR = 45.0
"""Earth mover's distance of two palettes in CIELAB from which nothing is alike."""
TEXTURE_FAR = 3.0
GRAM_LOW, GRAM_HIGH = 0.25, 0.9
"""Cosine of patch statistics of unlike styles, and of crops of one picture."""


@dataclass(frozen=True, slots=True)
class Style:
    """What is compared.

    Attributes:
        palette: colours and shares.
        light: key, contrast, temperature, side.
        texture: float64 (n,), log energies of bands and orientations.
        mean, gram: float64 (dimension,) and (dimension, dimension), of the patch tokens.
    """

    palette: list[Swatch]
    light: Lighting
    texture: Float
    mean: Float
    gram: Float


@dataclass(frozen=True, slots=True)
class Likeness:
    """Scores 0–100 of each part, and of the whole by `WEIGHTS`."""

    palette: float
    light: float
    texture: float
    features: float
    total: float


WEIGHTS = {"palette": 0.3, "light": 0.25, "texture": 0.2, "features": 0.25}


def style(picture: RGB, patches: NDArray[np.float32]) -> Style:
    """Measure a picture's style.

    Texture: mean absolute values of the bands of a Laplacian pyramid (Burt and Adelson, 1983) and a histogram of
    gradient directions. Features: mean and Gram matrix of the patch tokens (Gatys, Ecker and Bethge, CVPR
    2016, of feature maps; here of one layer of a transformer), which forget where things are.

    Args:
        picture: uint8 (h, w, 3) RGB, at least 32 pixels a side.
        patches: float32 (rows, columns, dimension), each of length 1.
    """
    flat = patches.reshape(-1, patches.shape[-1]).astype(np.float64)
    return Style(
        palette(picture, 8), lighting(picture), _texture(picture), flat.mean(axis=0), flat.T @ flat / len(flat)
    )


def likeness(one: Style, other: Style) -> Likeness:
    """Compare two styles, 0–100 each; 100 of a picture with itself."""
    parts = {
        "palette": 100.0 * max(0.0, 1.0 - palette_distance(one.palette, other.palette) / PALETTE_FAR),
        "light": _light(one.light, other.light),
        "texture": 100.0 * float(np.exp(-0.5 * (np.linalg.norm(one.texture - other.texture) / TEXTURE_FAR * 2.0) ** 2)),
        "features": _features(one, other),
    }
    total = sum(WEIGHTS[name] * value for name, value in parts.items())
    return Likeness(**{name: round(value, 1) for name, value in parts.items()}, total=round(total, 1))


def palette_distance(one: list[Swatch], other: list[Swatch]) -> float:
    """Earth mover's distance of two palettes in CIELAB units (Rubner, Tomasi and Guibas, IJCV 40, 2000)."""
    if not one or not other:
        return float("inf") if one or other else 0.0
    signatures = []
    for colours in (one, other):
        shares = np.array([colour.share for colour in colours])
        labs = np.array([colour.lab for colour in colours])
        signatures.append(np.column_stack([shares / shares.sum(), labs]).astype(np.float32))
    return float(cv2.EMD(signatures[0], signatures[1], cv2.DIST_L2)[0])


def _light(one: Lighting, other: Lighting) -> float:
    """Mean over brightness, contrast, colour of the light and its side; what is not known in either is left out."""
    parts = [
        1.0 - min(1.0, abs(one.brightness - other.brightness) / 0.5),
        1.0 - min(1.0, abs(one.contrast_range - other.contrast_range) / 0.6),
    ]
    if one.kelvin is not None and other.kelvin is not None:
        # Reciprocal kelvin: equal steps look equal (Judd, 1933).
        parts.append(1.0 - min(1.0, abs(1e6 / one.kelvin - 1e6 / other.kelvin) / 120.0))
    if one.direction != "unknown" and other.direction != "unknown":
        opposite = {one.direction, other.direction} in ({"left", "right"}, {"top", "bottom"}, {"front", "back"})
        parts.append(1.0 if one.direction == other.direction else 0.0 if opposite else 0.5)
    return 100.0 * float(np.mean(parts))


def _texture(picture: RGB) -> Float:
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    scale = 256.0 / max(grey.shape)
    if scale < 1.0:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.float32)
    bands, level = [], grey
    for _ in range(5):
        smooth = np.asarray(cv2.GaussianBlur(level, (0, 0), 1.2), dtype=np.float32)
        bands.append(float(np.log(np.abs(level - smooth).mean() + 0.5)))
        level = np.ascontiguousarray(smooth[::2, ::2])
        if min(level.shape) < 4:
            break
    bands += [bands[-1]] * (5 - len(bands))
    x = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 1, 0), dtype=np.float64)
    y = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 0, 1), dtype=np.float64)
    strength, angle = np.hypot(x, y), np.mod(np.arctan2(y, x), np.pi)
    counts, _ = np.histogram(angle, bins=8, range=(0, np.pi), weights=strength)
    return np.concatenate([np.array(bands), 2.0 * counts / max(float(counts.sum()), 1e-9)])


def _features(one: Style, other: Style) -> float:
    mean = _cosine(one.mean, other.mean)
    gram = _cosine(one.gram.ravel(), other.gram.ravel())
    return 100.0 * float(np.clip((0.5 * (mean + gram) - GRAM_LOW) / (GRAM_HIGH - GRAM_LOW), 0.0, 1.0))


def _cosine(one: Float, other: Float) -> float:
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12))
