"""The emotional tone that colour, light, motion and pace suggest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
Tone = Literal[
    "neutral",
    "joyful",
    "energetic",
    "tense",
    "ominous",
    "melancholic",
    "sombre",
    "calm",
    "serene",
    "dramatic",
    "unknown",
]

NEUTRAL = 0.16
"""Distance from the middle of the valence–arousal plane under which a shot is neutral."""
DARKEST = 0.02
"""Mean luma (0–1) under which a frame shows no tone."""
AVERAGE_BRIGHTNESS, AVERAGE_SATURATION = 0.46, 0.34
"""Mean HSV brightness and saturation of ordinary footage (the photographs of scikit-image); tone is what departs."""

MONOCHROME = 0.03
"""Saturation up to which footage is black and white."""


@dataclass(frozen=True, slots=True)
class EmotionalTone:
    """`tone` the word; `valence` (unpleasant to pleasant), `arousal` (calm to excited) and `dominance`, each −1 to 1;
    `confidence` 0–1, never over 0.75: what happens in a shot and what is heard is not seen by this model.
    `parts` names how much each cue moved valence and arousal."""

    tone: Tone
    valence: float
    arousal: float
    dominance: float
    confidence: float
    parts: dict[str, tuple[float, float]]


def emotional_tone(frames: RGB, *, motion: float = 0.0, shots_per_minute: float | None = None) -> EmotionalTone:
    """The tone of a shot from its look and pace.

    Colour: Valdez and Mehrabian, "Effects of color on emotions", J. Exp. Psych. General 123 (1994): pleasure
    0.69·B + 0.22·S, arousal −0.31·B + 0.60·S, dominance −0.76·B + 0.32·S, with B and S as departures from ordinary
    footage (theirs are Munsell value and chroma of single colours; here HSV means over frames). Light: low key
    with hard contrast lowers valence and raises arousal (Zettl, "Sight, sound, motion"; Rasheed, Sheikh and Shah,
    IEEE TCSVT 15, 2005, tell genres by them). Hue: warm colours excite a little (Wilms and Oberfeld, Psych.
    Research 82, 2018). Motion and pace raise arousal (Hanjalic and Xu, "Affective video content representation",
    IEEE TMM 7, 2005). Words: the circumplex of Russell (J. Pers. Soc. Psych. 39, 1980).
    The weights of light, hue, motion and pace are ours, not fitted to ratings.

    `frames` (h, w, 3) or (n, h, w, 3) uint8 RGB; `motion` mean motion of the picture in frame widths per
    second, as `CameraTrace.activity`; `shots_per_minute` of the film around the shot, None when not known.
    """
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4) or frames.shape[-1] != 3 or frames.size == 0:
        raise ValueError(f"expected uint8 RGB frames, got {frames.dtype} {frames.shape}")
    flat = frames.reshape(1, -1, 3)
    step = max(1, flat.shape[1] // 40000)
    hsv = np.asarray(cv2.cvtColor(np.ascontiguousarray(flat[:, ::step]), cv2.COLOR_RGB2HSV_FULL), np.float64)[0] / 255.0
    value, saturation = float(hsv[:, 2].mean()), float(hsv[:, 1] @ hsv[:, 2] / max(hsv[:, 2].sum(), 1e-9))
    if value < DARKEST:
        return EmotionalTone("unknown", 0.0, 0.0, 0.0, 0.0, {})
    parts = {
        "brightness": _colour(value - AVERAGE_BRIGHTNESS, 0.0),
        # Black and white is a choice of its own, not a faded colour.
        "saturation": _colour(0.0, saturation - AVERAGE_SATURATION) if saturation > MONOCHROME else (0.0, 0.0),
        "light": _light(hsv[:, 2]),
        "warmth": (0.0, 0.25 * _warmth(hsv)),
        "motion": (0.0, 0.7 * (1.0 - math.exp(-motion / 0.12)) - 0.08),
    }
    if shots_per_minute is not None:
        # About 12 shots a minute is the middle of today's features (Cutting, DeLong and Nothelfer, 2010).
        parts["pace"] = (0.0, 0.3 * math.tanh(math.log(max(shots_per_minute, 0.5) / 12.0)))
    valence = math.tanh(sum(v for v, _ in parts.values()))
    arousal = math.tanh(sum(a for _, a in parts.values()))
    dominance = math.tanh(1.6 * (-0.76 * (value - AVERAGE_BRIGHTNESS) + 0.32 * (saturation - AVERAGE_SATURATION)))
    tone, clear = _word(valence, arousal)
    known = 0.75 if shots_per_minute is not None else 0.65
    rounded = {name: (round(v, 4), round(a, 4)) for name, (v, a) in parts.items()}
    return EmotionalTone(tone, valence, arousal, dominance, round(known * clear, 4), rounded)


def _colour(brightness: float, saturation: float) -> tuple[float, float]:
    # 1.6: brightness and saturation of footage range over half of what single colours do.
    return 1.6 * (0.69 * brightness + 0.22 * saturation), 1.6 * (-0.31 * brightness + 0.60 * saturation)


def _light(value: NDArray[np.float64]) -> tuple[float, float]:
    """Low key in so far as most is dark; hard in so far as something in it is bright."""
    dark = float((value < 0.2).mean())
    low = float(np.clip((dark - 0.3) / 0.5, 0.0, 1.0))
    lit = float(np.clip((np.percentile(value, 97) - 0.35) / 0.45, 0.0, 1.0))
    return -0.25 * low, 0.3 * low * lit


def _warmth(hsv: NDArray[np.float64]) -> float:
    """Weighted by chroma: 1 all orange and red, −1 all blue."""
    weight = hsv[:, 1] * hsv[:, 2]
    angle = 2.0 * np.pi * hsv[:, 0] - np.pi / 6.0
    return float((np.cos(angle) * weight).sum() / (weight.sum() + 0.05 * len(weight)))


def _word(valence: float, arousal: float) -> tuple[Tone, float]:
    """The word of a place in the plane, and how clearly it lies there, 0–1."""
    radius = math.hypot(valence, arousal)
    if radius < NEUTRAL:
        return "neutral", 1.0 - 0.5 * radius / NEUTRAL
    angle = math.degrees(math.atan2(arousal, valence)) % 360.0
    words: tuple[tuple[float, Tone], ...] = (
        (20.0, "joyful"),
        (70.0, "energetic"),
        (105.0, "dramatic"),
        (145.0, "tense"),
        (180.0, "ominous"),
        (225.0, "sombre"),
        (262.0, "melancholic"),
        (310.0, "calm"),
        (350.0, "serene"),
        (380.0, "joyful"),
    )
    word: Tone = next(name for bound, name in words if angle < bound)
    bounds = [-10.0, *(bound for bound, _ in words[:-1]), 350.0]
    nearest = min(abs((angle - bound + 180.0) % 360.0 - 180.0) for bound in bounds)
    return word, min(1.0, radius / 0.5) * min(1.0, 0.6 + nearest / 45.0) * min(1.0, radius / NEUTRAL)
