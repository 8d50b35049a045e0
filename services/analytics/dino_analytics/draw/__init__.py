"""Pictures that answers carry: drawn with Pillow and NumPy, at most 1024 pixels on the longer side."""

from dino_analytics.draw.base import LONG_SIDE, fitted, measure, picture_of, png, strip, to_drawing, write
from dino_analytics.draw.colours import FAINT, GROUND, INK, SERIES, contrasting, diverging, heat_colours
from dino_analytics.draw.heat import colour_bar, overlay
from dino_analytics.draw.legend import legend, swatches
from dino_analytics.draw.panels import beside, side_by_side, stacked, titled
from dino_analytics.draw.regions import box, tint

__all__ = [
    "FAINT",
    "GROUND",
    "INK",
    "LONG_SIDE",
    "SERIES",
    "beside",
    "box",
    "colour_bar",
    "contrasting",
    "diverging",
    "fitted",
    "heat_colours",
    "legend",
    "measure",
    "overlay",
    "picture_of",
    "png",
    "side_by_side",
    "stacked",
    "strip",
    "swatches",
    "tint",
    "titled",
    "to_drawing",
    "write",
]
