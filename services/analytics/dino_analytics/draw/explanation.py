"""What two pictures have in common and what they do not, drawn over both side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dino_analytics.draw.base import LONG_SIDE, Pixels
from dino_analytics.draw.colours import diverging
from dino_analytics.draw.heat import colour_bar, overlay
from dino_analytics.draw.panels import side_by_side, stacked, titled

DIFFERS, MATCHES = 0.35, 0.95
"""Matches that are drawn wholly red, and wholly blue."""


def explained(
    first: Pixels,
    second: Pixels,
    first_map: NDArray[np.floating],
    second_map: NDArray[np.floating],
    title: str,
    note: str,
) -> Pixels:
    """Draw both pictures with their maps of matches.

    Args:
        first, second: uint8 (h, w, 3).
        first_map, second_map: (rows, columns) 0–1: how well each patch is found in the other picture.
        title, note: lines above.
    """
    panels = side_by_side(
        [overlay(first, first_map, colours=_colours), overlay(second, second_map, colours=_colours)],
        ["reference", "test"],
        height=620,
    )
    key = colour_bar(
        panels.shape[1], "differs", "matches", "how well a place is found in the other picture", colours=diverging
    )
    return titled(stacked([panels, key]), title, note) if panels.shape[1] <= LONG_SIDE else stacked([panels, key])


def _colours(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Red where nothing matches, blue where all does; pale between.

    Patches of unrelated pictures find a counterpart of about 0.5, so that the scale begins above 0.
    """
    return diverging((np.asarray(values, dtype=np.float64) - DIFFERS) / (MATCHES - DIFFERS))
