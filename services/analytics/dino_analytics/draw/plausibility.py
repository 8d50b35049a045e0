"""Where a picture looks unlike its references."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from dino_analytics.core.look.plausible import Plausibility
from dino_analytics.draw.base import Pixels, fitted, picture_of
from dino_analytics.draw.colours import SERIES
from dino_analytics.draw.heat import colour_bar, overlay
from dino_analytics.draw.panels import side_by_side, stacked, titled
from dino_analytics.draw.regions import box

_SIDE = 620


def plausibility_drawing(
    picture: Pixels, judged: Plausibility, contains: Sequence[Sequence[str]], title: str
) -> Pixels:
    """Draw the picture with its unlike regions framed beside the heat map."""
    shown = fitted(picture, _SIDE, enlarge=True)
    height, width = shown.shape[:2]
    canvas = Image.fromarray(shown)
    for index, (region, names) in enumerate(zip(judged.regions[:6], contains, strict=False)):
        edges = region.left * width, region.top * height, region.right * width, region.bottom * height
        box(canvas, edges, SERIES[index % len(SERIES)], " ".join((str(index + 1), *names)), thick=3)
    heat = overlay(shown, np.asarray(judged.heat, dtype=np.float32), strength=0.7)
    sheet = side_by_side(
        [picture_of(canvas), heat], ["unlike regions", "distance to the nearest reference patch, less the shift of all"]
    )
    bar = colour_bar(sheet.shape[1], "alike", "unlike", "the middle is the bound from which a patch counts as unlike")
    return titled(stacked([sheet, bar]), title)
