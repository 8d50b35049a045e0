"""What colours are called."""

from __future__ import annotations

import cv2
import numpy as np

COLOURS: dict[str, int] = {
    "black": 0x000000,
    "charcoal": 0x36393D,
    "grey": 0x808080,
    "silver": 0xC0C0C0,
    "white": 0xFFFFFF,
    "ivory": 0xFFFFF0,
    "beige": 0xE8DCC0,
    "tan": 0xD2B48C,
    "brown": 0x8B5A2B,
    "taupe": 0xA08570,
    "dark brown": 0x4A2F1B,
    "maroon": 0x800000,
    "red": 0xE01B1B,
    "crimson": 0xDC143C,
    "salmon": 0xFA8072,
    "coral": 0xFF7F50,
    "orange": 0xFFA500,
    "peach": 0xFFDAB9,
    "gold": 0xE6B800,
    "yellow": 0xFFEB3B,
    "khaki": 0xC3B078,
    "olive": 0x808000,
    "lime": 0x9ACD32,
    "green": 0x2E9E3F,
    "dark green": 0x124D1E,
    "sage": 0x9CAF88,
    "mint": 0xA8E6C1,
    "teal": 0x008080,
    "turquoise": 0x40E0D0,
    "cyan": 0x00E5FF,
    "sky blue": 0x87CEEB,
    "steel blue": 0x4682B4,
    "blue": 0x1E4FD8,
    "navy": 0x10204D,
    "slate": 0x5F6F80,
    "indigo": 0x4B0082,
    "purple": 0x800080,
    "violet": 0xA06CD5,
    "lavender": 0xD8CCF0,
    "magenta": 0xFF00FF,
    "pink": 0xFFB6C1,
    "mauve": 0xA47C8A,
}
"""Basic colour terms (Berlin and Kay, 1969) and common shades of them; sRGB as 0xrrggbb, most as in CSS."""

_NAMES = tuple(COLOURS)
_RGB = np.array([[v >> 16, v >> 8 & 255, v & 255] for v in COLOURS.values()], dtype=np.float32) / 255.0
_LAB = np.asarray(cv2.cvtColor(_RGB[None], cv2.COLOR_RGB2LAB), dtype=np.float64)[0]
GREYISH = 7.0
"""CIELAB chroma under which a colour is called by its lightness alone."""


def colour_name(lab: tuple[float, float, float]) -> str:
    """The nearest name of `COLOURS` by CIE 1994 colour difference; greys are named by lightness.

    `lab` CIELAB (D65), L 0–100.
    """
    light, a, b = lab
    chroma = float(np.hypot(a, b))
    if chroma < GREYISH:
        grey = ("black", "charcoal", "grey", "silver", "white")
        return grey[int(np.searchsorted((14.0, 38.0, 65.0, 88.0), light))]
    chromas = np.hypot(_LAB[:, 1], _LAB[:, 2])
    d_light, d_chroma = _LAB[:, 0] - light, chromas - chroma
    d_hue = np.maximum(0.0, np.square(_LAB[:, 1] - a) + np.square(_LAB[:, 2] - b) - np.square(d_chroma))
    weight_c, weight_h = 1.0 + 0.045 * chroma, 1.0 + 0.015 * chroma
    difference = np.square(d_light) + np.square(d_chroma / weight_c) + d_hue / weight_h**2
    return _NAMES[int(difference.argmin())]
