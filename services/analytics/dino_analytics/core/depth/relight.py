"""Pictures under a light that no longer tells one from another: white balance, exposure, and evened illumination."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]

MIDDLE = 0.46
"""Luma (0–1, gamma-encoded) that the median of a picture is brought to: middle grey of sRGB."""
LIGHTS = 3
"""Pictures that ``relit`` makes of one."""
_MINKOWSKI = 6.0
_STRONGEST_GAMMA = 2.5
_FLAT_SIGMA = 0.18
_FLOOR = 0.02


def balanced(picture: RGB) -> RGB:
    """Return the picture under neutral light of middle exposure.

    The colour of the light is estimated by shades of grey (Finlayson and Trezzi, CIC 2004, Minkowski norm 6) and
    divided out; a gamma then brings the median luma to ``MIDDLE``.

    Args:
        picture: uint8 (height, width, 3), RGB.

    Returns:
        uint8 of the same shape.
    """
    values = picture.astype(np.float32) / 255.0
    light = np.power(np.mean(np.power(values + 1e-4, _MINKOWSKI), axis=(0, 1)), 1.0 / _MINKOWSKI)
    values = np.clip(values * (light.mean() / np.maximum(light, 1e-3)), 0.0, 1.0)
    median = float(np.clip(np.median(_luma(values)), 0.02, 0.98))
    gamma = float(np.clip(np.log(MIDDLE) / np.log(median), 1.0 / _STRONGEST_GAMMA, _STRONGEST_GAMMA))
    return _bytes(np.power(values, gamma))


def evened(picture: RGB) -> RGB:
    """Return the picture with its illumination evened out: luma over its own wide blur, as in retinex.

    Single-scale retinex (Jobson, Rahman and Woodell, IEEE TIP 6(3), 1997) with a Gaussian of 18 % of the shorter side,
    as a gain on all channels so that hues stay.

    Args:
        picture: uint8 (height, width, 3), RGB.

    Returns:
        uint8 of the same shape.
    """
    values = picture.astype(np.float32) / 255.0
    luma = _luma(values)
    sigma = max(1.0, _FLAT_SIGMA * min(luma.shape))
    around = cv2.GaussianBlur(luma, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    flat = luma / np.maximum(around, _FLOOR)
    # The median becomes middle grey; what is brighter is compressed rather than cut.
    flat = flat / max(float(np.median(flat)), _FLOOR) * MIDDLE
    flat = np.where(flat > 0.8, 0.8 + 0.2 * np.tanh((flat - 0.8) / 0.2), flat)
    gain = flat / np.maximum(luma, _FLOOR)
    return _bytes(np.clip(values * gain[:, :, None], 0.0, 1.0))


def relit(picture: RGB) -> list[RGB]:
    """Return the picture under each light that identity is judged by: as it is, balanced, and evened."""
    neutral = balanced(picture)
    return [picture, neutral, evened(neutral)]


def _luma(values: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(values @ np.array([0.299, 0.587, 0.114], dtype=np.float32), dtype=np.float32)


def _bytes(values: NDArray[np.floating]) -> RGB:
    return np.rint(values * 255.0).astype(np.uint8)
