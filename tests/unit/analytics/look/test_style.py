import numpy as np
import pytest
from tests.unit.analytics.look.patches import boxed, grid

from dino_analytics.core.look.brief import overall, palette_part, word_part
from dino_analytics.core.look.style import likeness, palette_distance, style
from dino_common.look import palette

PATCHES = grid(boxed((4, 4, 12, 12)))
OTHER = grid(np.full((16, 16), 5), seed=3)


def picture(tint: tuple[int, int, int], rough: int = 30, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(-rough, rough + 1, (128, 128, 3))
    return np.clip(np.array(tint) + noise, 0, 255).astype(np.uint8)


def test_a_picture_has_its_own_style():
    one = style(picture((180, 90, 40)), PATCHES)
    same = likeness(one, one)
    assert (same.palette, same.light, same.texture, same.features, same.total) == (100, 100, 100, 100, 100)


def test_each_part_falls_with_its_own_cause():
    base = style(picture((180, 90, 40)), PATCHES)
    blue = likeness(base, style(picture((40, 90, 180)), PATCHES))
    assert blue.palette < 30
    assert blue.features == 100
    dark = likeness(base, style(picture((60, 30, 13), 10), PATCHES))
    assert dark.light < 80
    smooth = likeness(base, style(picture((180, 90, 40), 1), PATCHES))
    assert smooth.texture < 70
    assert smooth.palette > 70
    foreign = likeness(base, style(picture((180, 90, 40)), OTHER))
    assert foreign.features < 40
    assert foreign.palette == 100


def test_distance_of_palettes_is_that_of_their_colours():
    grey, white = palette(picture((100, 100, 100), 0)), palette(picture((220, 220, 220), 0))
    assert palette_distance(grey, grey) == pytest.approx(0, abs=1e-3)
    assert palette_distance(grey, white) == pytest.approx(white[0].lab[0] - grey[0].lab[0], rel=0.02)
    assert palette_distance(grey, []) == float("inf")


def test_wanted_colours_are_looked_for():
    found = [("#b45a20", 0.6), ("#f0f0f0", 0.4)]
    assert (palette_part(["brown"], found).score or 0) > 60
    assert (palette_part(["#b45a20", "white"], found).score or 0) > 95
    assert palette_part(["teal"], found).score == 0
    half = palette_part(["#b45a20", "teal"], found).score or 0
    assert 30 < half < 60
    with pytest.raises(ValueError, match="squid"):
        palette_part(["squid ink"], found)


def test_neighbours_on_a_line_are_half_right():
    assert word_part("key", "low_key", "low_key", 0.9).score == 100
    assert word_part("key", "low_key", "normal", 0.9).score == 40
    assert word_part("key", "low_key", "high_key", 0.9).score == 0
    assert word_part("light_direction", "left", "right", 0.9).score == 0
    assert word_part("camera_angle", "low_angle", "unknown", 0.0).score is None


def test_what_is_unknown_is_left_out_and_told():
    parts = [word_part("key", "low_key", "low_key", 0.9), word_part("camera_angle", "low_angle", "unknown", 0.0)]
    assert overall(parts) == (100.0, 0.5)
    assert overall(parts[1:]) == (None, 0.0)
