"""The colours of a shot: which, how much of each, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.look.colour_names import colour_name

RGB = NDArray[np.uint8]
Lab = NDArray[np.float32]

PIXELS = 6000
"""Pixels that are clustered; more would not change a palette."""
ROUNDS = 24
SAME = 14.0
"""CIE 1976 colour difference under which two clusters are one colour of the palette."""
SAME_NAME = 26.0
"""The same of two clusters that have one name."""
LEAST_SHARE = 0.015


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour: `name`, `hex` as #rrggbb, `rgb` 0–255, `lab` CIELAB (D65), `share` of the pixels, 0–1."""

    name: str
    hex: str
    rgb: tuple[int, int, int]
    lab: tuple[float, float, float]
    share: float


def palette(frames: RGB, count: int = 6) -> list[Swatch]:
    """The main colours, most frequent first, at most `count`; shares are of all pixels and may add up to less than 1.

    k-means (Lloyd, IEEE TIT 28, 1982) in CIELAB, begun at colours far from each other (Gonzalez, TCS 38, 1985),
    so that the same pixels always give the same palette; colours that look the same are then joined.
    `frames` (h, w, 3) or (n, h, w, 3) uint8 RGB. Raises ValueError for another shape or `count` under 1.
    """
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4) or frames.shape[-1] != 3 or frames.size == 0:
        raise ValueError(f"expected uint8 RGB frames, got {frames.dtype} {frames.shape}")
    if count < 1:
        raise ValueError(f"a palette has one colour or more, not {count}")
    pixels = to_lab(_sample(frames.reshape(-1, 3)))
    centres, members = _k_means(pixels, count + 2)
    centres, shares = _joined(centres, np.bincount(members, minlength=len(centres)) / len(members))
    order = np.argsort(-shares, kind="stable")[:count]
    return [_swatch(centres[at], float(shares[at])) for at in order if shares[at] >= LEAST_SHARE]


def to_lab(rgb: RGB) -> Lab:
    """CIELAB (D65, L 0–100) of uint8 RGB (…, 3), float32 of the same shape."""
    flat = rgb.reshape(-1, 1, 3).astype(np.float32) / 255.0
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2LAB), dtype=np.float32).reshape(rgb.shape)


def _sample(pixels: RGB) -> RGB:
    """Pixels at even distances: no chance in it."""
    at = np.linspace(0, len(pixels) - 1, min(PIXELS, len(pixels))).astype(np.int64)
    return pixels[at]


def _k_means(pixels: Lab, count: int) -> tuple[Lab, NDArray[np.int64]]:
    centres = [pixels.mean(axis=0)]
    nearest = np.square(pixels - centres[0]).sum(axis=1)
    for _ in range(count - 1):
        # A far colour that is also frequent: the 98th percentile, not a single odd pixel.
        far = int(np.argsort(nearest, kind="stable")[int(0.98 * (len(pixels) - 1))])
        if nearest[far] < 1.0:
            break
        centres.append(pixels[far])
        nearest = np.minimum(nearest, np.square(pixels - pixels[far]).sum(axis=1))
    found = np.stack(centres)
    members = np.zeros(len(pixels), dtype=np.int64)
    for round_number in range(ROUNDS):
        distance = np.square(pixels[:, None, :] - found[None, :, :]).sum(axis=2)
        fresh = distance.argmin(axis=1)
        if (fresh == members).all() and round_number > 0:
            break
        members = fresh
        for index in range(len(found)):
            mine = pixels[members == index]
            if len(mine):
                found[index] = mine.mean(axis=0)
    return found, members


def _joined(centres: Lab, shares: NDArray[np.float64]) -> tuple[Lab, NDArray[np.float64]]:
    centres, shares = centres.copy(), shares.copy()
    while len(centres) > 1:
        apart = np.linalg.norm(centres[:, None] - centres[None], axis=2) + 1e6 * np.eye(len(centres))
        names = np.array([colour_name((float(c[0]), float(c[1]), float(c[2]))) for c in centres])
        # Two shades of one name are told apart only when they are far from each other.
        apart = np.where(names[:, None] == names[None], apart * SAME / SAME_NAME, apart)
        one, other = divmod(int(apart.argmin()), len(centres))
        if apart[one, other] >= SAME:
            break
        total = max(shares[one] + shares[other], 1e-12)
        centres[one] = (shares[one] * centres[one] + shares[other] * centres[other]) / total
        shares[one] += shares[other]
        centres, shares = np.delete(centres, other, axis=0), np.delete(shares, other)
    return centres, shares


def _swatch(lab: Lab, share: float) -> Swatch:
    back = cv2.cvtColor(lab.reshape(1, 1, 3).astype(np.float32), cv2.COLOR_LAB2RGB)
    red, green, blue = (int(v) for v in np.rint(np.clip(np.asarray(back).ravel(), 0, 1) * 255))
    light, a, b = (float(v) for v in lab)
    return Swatch(
        colour_name((light, a, b)), f"#{red:02x}{green:02x}{blue:02x}", (red, green, blue), (light, a, b), share
    )
