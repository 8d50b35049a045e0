"""The drawn explanation: what differs is red, what matches is blue, and it fits an answer."""

from __future__ import annotations

import numpy as np
from skimage import data

from dino_analytics.draw.explanation import explained


def test_what_differs_is_red_and_what_matches_is_blue():
    picture = data.astronaut()
    matches = np.full((16, 16), 0.97)
    matches[8:, :8] = 0.3
    drawn = explained(picture, picture, matches, matches, "Similarity 90.0 of 100", "88 %").astype(int)
    assert max(drawn.shape[:2]) <= 1024
    panel = drawn[80:580, :508]  # the reference, below its title
    lower_left, upper_right = panel[300:480, 20:220], panel[40:200, 300:480]
    assert lower_left[..., 0].mean() > lower_left[..., 2].mean() + 30
    assert upper_right[..., 2].mean() > upper_right[..., 0].mean() + 30


def test_narrow_and_wide_pictures_are_drawn_beside_each_other():
    matches = np.full((4, 4), 0.5)
    drawn = explained(
        np.zeros((600, 60, 3), dtype=np.uint8), np.zeros((60, 600, 3), dtype=np.uint8), matches, matches, "a", "b"
    )
    assert max(drawn.shape[:2]) <= 1024
