"""How a shot is lit: key, contrast, colour temperature, and where the light comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
Key = Literal["low_key", "normal", "high_key", "unknown"]
Contrast = Literal["soft", "normal", "hard"]
Temperature = Literal["warm", "neutral", "cool", "unknown"]
LightDirection = Literal["left", "right", "top", "bottom", "back", "front", "unknown"]

LOW_MEAN, LOW_DARK = 0.30, 0.5
HIGH_MEAN, HIGH_DARK = 0.60, 0.12
"""Mean luma (0–1) and share of dark pixels that make a low key and a high one."""
DARK = 0.2
SOFT, HARD = 0.36, 0.72
"""Distance between the 5th and 95th percentile of luma (0–1) below which light is soft, above which hard."""
WARM, COOL = 5200.0, 7600.0
"""Correlated colour temperature in kelvin under which the picture is warm, over which cool; D65 is 6,504."""
TILT = 0.11
"""Difference of mean luma across the frame (0–1) from which light is said to come from a side."""


@dataclass(frozen=True, slots=True)
class Lighting:
    """How a frame or a shot is lit; every label has its confidence, 0–1.

    `key`; `contrast` by `contrast_range` (5th to 95th percentile of luma, 0–1); `temperature` by `kelvin`
    (estimated colour of the light, None when unknown); `direction` where the brighter side is.
    `brightness` mean luma, 0–1.
    """

    key: Key
    key_confidence: float
    contrast: Contrast
    contrast_confidence: float
    contrast_range: float
    temperature: Temperature
    temperature_confidence: float
    kelvin: float | None
    direction: LightDirection
    direction_confidence: float
    brightness: float


def lighting(frames: RGB) -> Lighting:
    """Judge the light of frames: (h, w, 3) or (n, h, w, 3) uint8 RGB.

    Key after the cinematographer's use (Zettl, "Sight, sound, motion": low key is mostly dark with few lit
    parts, high key bright all over). Temperature: the colour of the light by shades of grey (Finlayson and
    Trezzi, CIC 2004, Minkowski norm 6), as correlated colour temperature (McCamy, Color Res. Appl. 17, 1992); a
    green meadow under white light misleads it, so its confidence stays at 0.7 or less. Direction is that of the
    brighter side and no more: what is bright itself misleads it, and its confidence stays at 0.6 or less.
    """
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4) or frames.shape[-1] != 3 or frames.size == 0:
        raise ValueError(f"expected uint8 RGB frames, got {frames.dtype} {frames.shape}")
    stack = frames if frames.ndim == 4 else frames[None]
    luma = stack.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32) / 255.0
    mean, dark = float(luma.mean()), float((luma < DARK).mean())
    low, high = (float(v) for v in np.percentile(luma, [5, 95]))
    key, key_sure = _key(mean, dark)
    contrast, contrast_sure = _contrast(high - low)
    temperature, warmth_sure, kelvin = _temperature(stack, mean)
    direction, side_sure = _direction(luma.mean(axis=0), mean, high - low)
    return Lighting(
        key, key_sure, contrast, contrast_sure, high - low, temperature, warmth_sure, kelvin, direction, side_sure, mean
    )


def _key(mean: float, dark: float) -> tuple[Key, float]:
    if mean < 0.02:
        return "unknown", 0.0
    to_low = min((LOW_MEAN - mean) / 0.12, (dark - LOW_DARK) / 0.2)
    to_high = min((mean - HIGH_MEAN) / 0.12, (HIGH_DARK - dark) / 0.1)
    if to_low > 0.0:
        return "low_key", float(min(1.0, 0.5 + 0.5 * to_low))
    if to_high > 0.0:
        return "high_key", float(min(1.0, 0.5 + 0.5 * to_high))
    return "normal", float(min(1.0, 0.5 - 0.5 * max(to_low, to_high)))


def _contrast(spread: float) -> tuple[Contrast, float]:
    distance = min(abs(spread - SOFT), abs(spread - HARD)) / 0.15
    sure = float(min(1.0, 0.5 + 0.5 * distance))
    return ("soft" if spread < SOFT else "hard" if spread > HARD else "normal"), sure


def _temperature(stack: RGB, mean: float) -> tuple[Temperature, float, float | None]:
    linear = np.power(stack.reshape(-1, 3)[:: max(1, stack.size // 60000)].astype(np.float64) / 255.0, 2.2)
    # Clipped pixels have lost their colour, dark ones hold little.
    inside = (linear.max(axis=1) < 0.95) & (linear.max(axis=1) > 0.005)
    if mean < 0.04 or np.count_nonzero(inside) < 100:
        return "unknown", 0.0, None
    light = np.power(np.mean(np.power(linear[inside], 6.0), axis=0), 1.0 / 6.0)
    x, y, z = _XYZ @ light
    total = x + y + z
    n = (x / total - 0.3320) / (0.1858 - y / total)
    kelvin = float(np.clip(449.0 * n**3 + 3525.0 * n**2 + 6823.3 * n + 5520.33, 1500.0, 20000.0))
    # Far from the line of black bodies (green, magenta) a temperature says nothing.
    u, v = 4 * x / (x + 15 * y + 3 * z), 6 * y / (x + 15 * y + 3 * z)
    off = abs(float(v) - _planckian_v(float(u)))
    sure = 0.7 * float(np.clip(1.0 - off / 0.06, 0.0, 1.0))
    edge = min(abs(1e6 / kelvin - 1e6 / WARM), abs(1e6 / kelvin - 1e6 / COOL)) / 30.0
    sure *= min(1.0, 0.6 + 0.4 * edge)
    if sure < 0.1:
        return "unknown", 0.0, None
    return ("warm" if kelvin < WARM else "cool" if kelvin > COOL else "neutral"), sure, round(kelvin, -1)


_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""Linear sRGB to CIE XYZ (IEC 61966-2-1)."""
_LOCUS_U = np.array([0.180, 0.190, 0.200, 0.210, 0.220, 0.235, 0.250, 0.275, 0.300, 0.330])
_LOCUS_V = np.array([0.264, 0.290, 0.310, 0.324, 0.334, 0.344, 0.350, 0.356, 0.358, 0.358])
"""Black bodies from about infinity down to 2,000 K in CIE 1960 (u, v)."""


def _planckian_v(u: float) -> float:
    return float(np.interp(u, _LOCUS_U, _LOCUS_V))


def _direction(luma: NDArray[np.float32], mean: float, spread: float) -> tuple[LightDirection, float]:
    if mean < 0.04 or spread < 0.12:
        return "unknown", 0.0
    small = np.asarray(cv2.resize(luma, (16, 9), interpolation=cv2.INTER_AREA), dtype=np.float64)
    across = float(small[:, 10:].mean() - small[:, :6].mean())
    down = float(small[6:].mean() - small[:3].mean())
    middle, rim = (
        float(small[3:6, 5:11].mean()),
        float(np.mean([small[0].mean(), small[:, 0].mean(), small[:, -1].mean()])),
    )
    sides: dict[LightDirection, float] = {
        "right": across,
        "left": -across,
        "bottom": down,
        "top": -down,
        "back": 0.8 * (rim - middle),
        "front": 0.8 * (middle - rim),
    }
    best = max(sides, key=lambda side: sides[side])
    strength = sides[best]
    if strength < TILT:
        return "unknown", float(np.clip(0.5 * (1.0 - strength / TILT), 0.0, 0.5))
    return best, float(min(0.6, 0.3 + 0.3 * (strength - TILT) / 0.25))
