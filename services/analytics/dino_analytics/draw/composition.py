"""A composition drawn over its picture."""

from __future__ import annotations

from PIL import Image, ImageDraw

from dino_analytics.core.look.composition import Composition, Score
from dino_analytics.core.look.subject import Subject
from dino_analytics.draw.base import Pixels, fitted, picture_of
from dino_analytics.draw.colours import RGB, SERIES
from dino_analytics.draw.legend import legend
from dino_analytics.draw.panels import stacked, titled
from dino_analytics.draw.regions import box

_SIDE = 860
_THIRDS: RGB = (255, 255, 255)
_SUBJECT, _LINES, _BALANCE, _AXIS = SERIES[0], SERIES[1], SERIES[4], SERIES[2]


def composition_drawing(picture: Pixels, facts: Composition, subject: Subject | None) -> Pixels:
    """Draw thirds, subject, leading lines, the axis of symmetry where it counts, and the centre of visual weight."""
    shown = fitted(picture, _SIDE, enlarge=True)
    canvas = Image.fromarray(shown)
    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    entries: list[tuple[RGB, str]] = [(_THIRDS, "thirds")]
    for third in (1 / 3, 2 / 3):
        for ends in (((third * width, 0), (third * width, height)), ((0, third * height), (width, third * height))):
            # Black below white shows on any ground.
            pen.line(ends, fill=(0, 0, 0), width=4)
            pen.line(ends, fill=_THIRDS, width=2)
    if facts.convergence is not None and facts.leading.value:
        for x0, y0, x1, y1 in facts.convergence.segments:
            pen.line((x0 * width, y0 * height, x1 * width, y1 * height), fill=_LINES, width=4)
        _dot(pen, facts.convergence.x * width, facts.convergence.y * height, _LINES, 7)
        entries.append((_LINES, f"leading lines {_said(facts.leading)}"))
    if facts.symmetry.value is not None and facts.symmetry.value > 0.6:
        middle = (
            (width / 2, 0, width / 2, height)
            if facts.symmetry_axis == "vertical"
            else (0, height / 2, width, height / 2)
        )
        pen.line(middle, fill=_AXIS, width=3)
        entries.append((_AXIS, f"mirror axis {_said(facts.symmetry)}"))
    if subject is not None:
        edges = subject.left * width, subject.top * height, subject.right * width, subject.bottom * height
        box(canvas, edges, _SUBJECT, "subject", thick=4)
        _dot(pen, subject.x * width, subject.y * height, _SUBJECT, 7)
        entries.append((_SUBJECT, f"subject, {100 * subject.area:.0f} %"))
    _dot(pen, facts.balance_point[0] * width, facts.balance_point[1] * height, _BALANCE, 9)
    entries.append((_BALANCE, f"visual weight, balance {_said(facts.balance)}"))
    scores = f"thirds {_said(facts.thirds)} · symmetry {_said(facts.symmetry)} · headroom {_said(facts.headroom)}"
    scheme = facts.scheme.replace("_", " ")
    title = (
        f"Composition: {scheme}" if scheme == "unknown" else f"Composition: {scheme} ({facts.scheme_confidence:.2f})"
    )
    return titled(stacked([picture_of(canvas), legend(width, entries)]), title, scores)


def _dot(pen: ImageDraw.ImageDraw, x: float, y: float, colour: RGB, radius: int) -> None:
    pen.ellipse((x - radius - 2, y - radius - 2, x + radius + 2, y + radius + 2), fill=(0, 0, 0))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _said(score: Score) -> str:
    return "unknown" if score.value is None else f"{score.value:.2f}"
