"""Saturation of a picture, and how its colours go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dino_common.look import Swatch

Saturation = Literal["monochrome", "muted", "moderate", "vivid"]
Harmony = Literal["single_hue", "analogous", "complementary", "triadic", "mixed", "unknown"]

MONOCHROME, MUTED, VIVID = 6.0, 18.0, 38.0
"""Mean CIELAB chroma up to which a picture is black and white, up to which muted, and from which vivid."""
COLOURED = 12.0
"""Chroma from which a colour has a hue worth comparing."""


@dataclass(frozen=True, slots=True)
class ColourMood:
    """`saturation` by `chroma` (mean CIELAB chroma of the palette); `harmony` with `confidence` 0–1."""

    saturation: Saturation
    chroma: float
    harmony: Harmony
    confidence: float


def colour_mood(palette: list[Swatch]) -> ColourMood:
    """Judge the colours of a palette.

    Harmony by the angles between hues (Itten, "The art of color", 1961; templates as in Cohen-Or et al., "Color
    harmonization", SIGGRAPH 2006), in the CIELAB hue circle, which is not the painters': borders are wide and
    confidence stays at 0.7 or less.
    """
    if not palette:
        return ColourMood("monochrome", 0.0, "unknown", 0.0)
    chroma = np.array([float(np.hypot(one.lab[1], one.lab[2])) for one in palette])
    share = np.array([one.share for one in palette])
    mean = float(chroma @ share / max(float(share.sum()), 1e-9))
    words: tuple[Saturation, ...] = ("monochrome", "muted", "moderate", "vivid")
    saturation = words[int(np.searchsorted((MONOCHROME, MUTED, VIVID), mean))]
    coloured = chroma >= COLOURED
    if saturation == "monochrome" or not coloured.any():
        return ColourMood(saturation, round(mean, 2), "single_hue", 0.7)
    hue = np.degrees(np.array([np.arctan2(one.lab[2], one.lab[1]) for one in palette]))[coloured]
    weight = (share * chroma)[coloured]
    hue, weight = hue[weight > 0.08 * weight.sum()], weight[weight > 0.08 * weight.sum()]
    apart = np.abs((hue[:, None] - hue[None] + 180.0) % 360.0 - 180.0)
    widest = float(apart.max())
    if widest <= 25.0 or len(hue) == 1:
        name, clear = "single_hue", 0.5
    elif widest <= 75.0:
        name, clear = "analogous", 0.6
    else:
        # Every hue near one of two poles that lie across from each other, or of three.
        anchor = hue[int(weight.argmax())]
        turned = np.abs((hue - anchor + 180.0) % 360.0 - 180.0)
        two = np.minimum(turned, np.abs(turned - 180.0)).max() <= 40.0
        three = np.minimum(turned, np.abs(turned - 120.0)).max() <= 30.0
        name, clear = ("complementary", 0.55) if two else ("triadic", 0.4) if three else ("mixed", 0.5)
    return ColourMood(saturation, round(mean, 2), name, clear)  # pyright: ignore[reportArgumentType]
