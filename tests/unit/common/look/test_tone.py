from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dino_common.look import emotional_tone


def flat(hue: float, saturation: float, value: float) -> np.ndarray:
    rgb = [round(255 * v) for v in colorsys.hsv_to_rgb(hue, saturation, value)]
    return np.full((20, 30, 3), rgb, np.uint8)


def test_bright_is_pleasanter_and_saturated_more_exciting() -> None:
    assert emotional_tone(flat(0.3, 0.3, 0.9)).valence > emotional_tone(flat(0.3, 0.3, 0.3)).valence
    assert emotional_tone(flat(0.3, 0.9, 0.5)).arousal > emotional_tone(flat(0.3, 0.1, 0.5)).arousal


def test_weights_of_colour_are_those_of_the_study() -> None:
    parts = emotional_tone(flat(0.3, 0.5, 0.8)).parts
    valence, arousal = parts["brightness"]
    assert arousal / valence == pytest.approx(-0.31 / 0.69, rel=1e-2)
    valence, arousal = parts["saturation"]
    assert arousal / valence == pytest.approx(0.60 / 0.22, rel=1e-2)


def test_motion_and_pace_excite() -> None:
    frame = flat(0.3, 0.3, 0.5)
    still, moving = emotional_tone(frame), emotional_tone(frame, motion=0.3)
    assert moving.arousal > still.arousal
    slow, fast = (emotional_tone(frame, shots_per_minute=pace) for pace in (3.0, 40.0))
    assert fast.arousal > slow.arousal
    assert fast.valence == slow.valence


def test_dark_with_a_hard_light_and_fast_motion_is_tense_or_ominous() -> None:
    frame = flat(0.6, 0.4, 0.08)
    frame[5:9, 10:16] = 220
    found = emotional_tone(frame, motion=0.3, shots_per_minute=30)
    assert found.tone in ("tense", "ominous")
    assert found.valence < 0 < found.arousal


def test_ordinary_footage_at_an_ordinary_pace_is_neutral() -> None:
    found = emotional_tone(flat(0.33, 0.34, 0.46), motion=0.015, shots_per_minute=12)
    assert found.tone == "neutral"


def test_black_is_unknown_and_black_and_white_is_not_faded() -> None:
    assert emotional_tone(np.zeros((8, 8, 3), np.uint8)).tone == "unknown"
    grey = emotional_tone(np.full((8, 8, 3), 120, np.uint8))
    assert grey.parts["saturation"] == (0.0, 0.0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 9999), st.floats(0, 5), st.floats(0, 200))
def test_values_stay_in_their_ranges(seed: int, motion: float, pace: float) -> None:
    frames = np.random.default_rng(seed).integers(0, 255, (2, 9, 16, 3)).astype(np.uint8)
    found = emotional_tone(frames, motion=motion, shots_per_minute=pace)
    assert -1 <= found.valence <= 1
    assert -1 <= found.arousal <= 1
    assert -1 <= found.dominance <= 1
    assert 0 <= found.confidence <= 0.75
