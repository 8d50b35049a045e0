"""Black frames and credits."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from tests.unit.video import films

from dino_video.core.shots.cues import is_black, looks_like_text


def card(lines: list[str], top: int = 20, ground: int = 5, ink: int = 235) -> np.ndarray:
    picture = Image.new("L", (240, 135), ground)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((50, top + 18 * number), line, fill=ink)
    return np.asarray(picture, np.uint8)


NAMES = ["Directed by A. N. Other", "Written by Some One", "Music: The Whole Band", "Camera: Two Eyes", "Edited twice"]


def test_credits_look_like_text_on_black_and_on_white() -> None:
    assert looks_like_text(card(NAMES))
    assert looks_like_text(card(NAMES, top=35))
    assert looks_like_text(card(NAMES, ground=240, ink=10))


def test_pictures_do_not_look_like_text() -> None:
    for seed in range(10):
        assert not looks_like_text(films.texture(seed, 240, 135)[:, :, 0])
    assert not looks_like_text(np.zeros((135, 240), np.uint8))
    night = np.zeros((135, 240), np.uint8)
    night[40:100, 60:180] = films.texture(3, 120, 60)[:, :, 1]
    assert not looks_like_text(night)
    stripes = np.zeros((135, 240), np.uint8)
    stripes[::16] = 200
    assert not looks_like_text(stripes)
    random = np.random.default_rng(0)
    stars = np.where(random.random((135, 240)) < 0.01, 255, 0).astype(np.uint8)
    assert not looks_like_text(stars)


def test_black_is_black_also_with_grain_and_at_broadcast_levels() -> None:
    random = np.random.default_rng(0)
    assert is_black(np.full((90, 160), 16, np.uint8))
    assert is_black(random.integers(0, 20, (90, 160)).astype(np.uint8))
    assert not is_black(card(NAMES))
    dim = np.full((90, 160), 16, np.uint8)
    dim[40:50, 70:90] = 60
    assert not is_black(dim)
