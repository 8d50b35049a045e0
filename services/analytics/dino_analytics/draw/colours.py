"""Colours of drawings: of series, of heat, of paper and ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]

GROUND: RGB = (250, 250, 248)
INK: RGB = (28, 28, 32)
FAINT: RGB = (110, 110, 118)

SERIES: tuple[RGB, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (213, 94, 0),
    (204, 121, 167),
    (0, 114, 178),
    (240, 228, 66),
    (150, 150, 150),
)
"""Told apart also by colour-blind eyes (Okabe and Ito, "Color universal design", 2008)."""

_HEAT = np.array(
    [[13, 8, 66], [84, 15, 109], [148, 38, 104], [203, 70, 73], [237, 121, 33], [251, 186, 31], [252, 255, 164]],
    dtype=np.float64,
)
"""Dark to light with even steps of lightness, so that more is always lighter."""
_DIVERGING = np.array(
    [[178, 24, 43], [239, 138, 98], [247, 247, 247], [103, 169, 207], [33, 102, 172]], dtype=np.float64
)


def heat_colours(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours of values: any shape, 0 (dark violet) to 1 (pale yellow) and clipped → uint8 (…, 3) RGB."""
    return _ramp(values, _HEAT)


def diverging(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours of values with a middle: any shape, 0 (red) over 0.5 (white) to 1 (blue) → uint8 (…, 3) RGB."""
    return _ramp(values, _DIVERGING)


def contrasting(colour: RGB) -> RGB:
    """Ink or paper, whichever reads better on the colour (relative luminance, WCAG 2.2)."""
    linear = [(c / 255.0 / 12.92) if c <= 10 else ((c / 255.0 + 0.055) / 1.055) ** 2.4 for c in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if luminance > 0.18 else (255, 255, 255)


def _ramp(values: NDArray[np.floating], stops: NDArray[np.float64]) -> NDArray[np.uint8]:
    flat = np.clip(np.nan_to_num(np.asarray(values, dtype=np.float64)), 0.0, 1.0)
    at = np.linspace(0.0, 1.0, len(stops))
    return np.stack([np.interp(flat, at, stops[:, channel]) for channel in range(3)], axis=-1).round().astype(np.uint8)
