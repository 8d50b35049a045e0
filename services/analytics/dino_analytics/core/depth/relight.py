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
_STRONGEST_GAIN = 5.0
_FLAT_SIGMA = 0.18
_FLOOR = 0.02


def balanced(picture: RGB) -> RGB:
    """Return the picture under neutral light of middle exposure.

    The colour of the light is estimated by shades of grey (Finlayson and Trezzi, CIC 2004, Minkowski norm 6) and
    divided out; a gain, as an exposure is one, then brings the median luma to
    ``MIDDLE``, and what would be brighter than white is compressed rather than cut.

    Args:
        picture: uint8 (height, width, 3), RGB.

    Returns:
        uint8 of the same shape.
    """
    values = picture.astype(np.float32) / 255.0
    light = np.power(np.mean(np.power(values + 1e-4, _MINKOWSKI), axis=(0, 1)), 1.0 / _MINKOWSKI)
    values = np.clip(values * (light.mean() / np.maximum(light, 1e-3)), 0.0, 1.0)
    gain = MIDDLE / max(float(np.median(_luma(values))), _FLOOR)
    return _bytes(_shouldered(values * float(np.clip(gain, 1.0 / _STRONGEST_GAIN, _STRONGEST_GAIN))))


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
    flat = _shouldered(flat / max(float(np.median(flat)), _FLOOR) * MIDDLE)
    gain = flat / np.maximum(luma, _FLOOR)
    return _bytes(np.clip(values * gain[:, :, None], 0.0, 1.0))


def relit(picture: RGB) -> list[RGB]:
    """Return the picture under each light that identity is judged by: as it is, balanced, and evened."""
    neutral = balanced(picture)
    return [picture, neutral, evened(neutral)]


def _luma(values: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(values @ np.array([0.299, 0.587, 0.114], dtype=np.float32), dtype=np.float32)


def _shouldered(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Values of 0.8 and more, bent so that none exceeds 1."""
    return np.where(values > 0.8, 0.8 + 0.2 * np.tanh((values - 0.8) / 0.2), values)


def _bytes(values: NDArray[np.floating]) -> RGB:
    return np.rint(values * 255.0).astype(np.uint8)
