"""What another light, exposure or white balance makes of colours, so that only other changes of colour count."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_DARK = 6.0
"""Added before the logarithm: darker differences are noise."""
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Light:
    """How colours of one picture look in another: ``(value + 6) ** bend · gain − 6`` in each of red, green, blue.

    Attributes:
        bend, gain: float64 (3,).
        spread: typical part of an unchanged colour that is left unexplained, in CIE L*a*b* units.
    """

    bend: NDArray[np.float64]
    gain: NDArray[np.float64]
    spread: float

    def applied(self, colours: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return colours (…, 3), 0–255, as the other picture would show them, clipped to 0–255."""
        values = np.power(np.asarray(colours, np.float64) + _DARK, self.bend) * self.gain - _DARK
        return np.clip(values, 0, 255).astype(np.float32)


def cell_colours(pixels: NDArray[np.uint8], grid: int) -> NDArray[np.float32]:
    """Mean colour of each cell of a picture uint8 (h, w, 3): float32 (grid, grid, 3), 0–255."""
    found = cv2.resize(pixels.astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
    return np.asarray(found, dtype=np.float32)


def lab(colours: NDArray[np.floating]) -> NDArray[np.float32]:
    """CIE L*a*b* (D65) of sRGB (…, 3), 0–255; L* 0–100."""
    flat = np.ascontiguousarray(colours, np.float32).reshape(1, -1, 3) / 255
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2LAB), dtype=np.float32).reshape(np.shape(colours))


def fitted_light(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> Light:
    """Fit the light between colours (n, 3), 0–255, of matching places, most of which show the same thing.

    A straight line between logarithms for each channel by least squares that trust far points less (Huber); with
    fewer than 20 places nothing is changed.
    """
    if len(ours) < 20:
        return Light(np.ones(3), np.ones(3), 6.0)
    x, y = np.log(np.asarray(ours, np.float64) + _DARK), np.log(np.asarray(theirs, np.float64) + _DARK)
    bend, shift = np.ones(3), np.median(y - x, axis=0)
    for channel in range(3):
        a, b = x[:, channel], y[:, channel]
        for _ in range(_ROUNDS):
            left = b - (bend[channel] * a + shift[channel])
            scale = max(1.4826 * float(np.median(np.abs(left))), 0.01)
            trust = 1 / np.maximum(1, np.abs(left) / (1.5 * scale)) ** 2
            middle_a, middle_b = np.average(a, weights=trust), np.average(b, weights=trust)
            # Held near 1: a narrow range of colours tells little of how they bend.
            variance = float(np.average((a - middle_a) ** 2, weights=trust))
            together = float(np.average((a - middle_a) * (b - middle_b), weights=trust))
            bend[channel] = np.clip((together + 0.02) / (variance + 0.02), 0.6, 1.6)
            shift[channel] = middle_b - bend[channel] * middle_a
    light = Light(bend, np.exp(shift), 0.0)
    apart = np.linalg.norm(lab(light.applied(ours)) - lab(theirs), axis=1)
    return Light(bend, np.exp(shift), float(np.clip(np.median(apart), 0.5, 30.0)))
