from __future__ import annotations

import numpy as np
import pytest

from dino_common.look import lighting


def scene(low: float, high: float, tint: tuple[float, float, float] = (1, 1, 1), seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(low, high, (45, 80, 1)) * np.array(tint)
    return np.clip(values, 0, 255).astype(np.uint8)


def test_key_follows_how_much_is_dark() -> None:
    dark = scene(2, 40)
    dark[15:25, 30:45] = 200
    assert lighting(dark).key == "low_key"
    assert lighting(scene(170, 250)).key == "high_key"
    assert lighting(scene(20, 220)).key == "normal"


def test_contrast_follows_the_range_of_tones() -> None:
    assert lighting(scene(100, 150)).contrast == "soft"
    assert lighting(scene(0, 255)).contrast == "hard"


@pytest.mark.parametrize(
    ("tint", "name"), [((1.0, 0.75, 0.45), "warm"), ((1.0, 1.0, 1.0), "neutral"), ((0.72, 0.85, 1.0), "cool")]
)
def test_temperature_follows_the_tint(tint: tuple[float, float, float], name: str) -> None:
    found = lighting(scene(20, 230, tint))
    assert found.temperature == name
    assert found.temperature_confidence > 0.2


def test_white_light_is_that_of_d65() -> None:
    assert lighting(scene(20, 230)).kelvin == pytest.approx(6500, abs=60)


def test_green_light_has_no_temperature() -> None:
    found = lighting(scene(20, 230, (0.35, 1.0, 0.35)))
    assert (found.temperature, found.kelvin) == ("unknown", None)


@pytest.mark.parametrize(("side", "name"), [(0, "left"), (1, "right"), (2, "top"), (3, "bottom")])
def test_light_comes_from_the_brighter_side(side: int, name: str) -> None:
    ramp = np.linspace(1.0, 0.15, 80)[None, :] * np.ones((80, 1))
    turned = (ramp, ramp[:, ::-1], ramp.T, ramp.T[::-1])[side]
    frame = np.repeat((turned * 220).astype(np.uint8)[..., None], 3, axis=2)
    found = lighting(frame)
    assert found.direction == name
    assert 0.0 < found.direction_confidence <= 0.6


def test_even_light_has_no_direction_and_darkness_no_labels() -> None:
    assert lighting(scene(20, 220)).direction == "unknown"
    found = lighting(np.zeros((3, 20, 30, 3), np.uint8))
    assert (found.key, found.temperature, found.direction) == ("unknown", "unknown", "unknown")
    assert found.key_confidence == found.temperature_confidence == found.direction_confidence == 0.0
