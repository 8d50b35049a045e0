"""A description drawn as a card: the picture, its palette and its facts."""

from __future__ import annotations

from PIL import Image

from dino_analytics.draw.base import Pixels, fitted, picture_of, strip, write
from dino_analytics.draw.colours import FAINT, SERIES
from dino_analytics.draw.legend import swatches
from dino_analytics.draw.panels import stacked
from dino_analytics.draw.regions import box
from dino_common.contracts.look import LookLabel, VisualFields

_PICTURE, _FACTS = (600, 620), 400
_LINE = 34


def description_drawing(picture: Pixels, fields: VisualFields) -> Pixels:
    """Draw the picture with its subject framed, the facts beside it and the palette below."""
    height, width = picture.shape[:2]
    scale = min(_PICTURE[0] / width, _PICTURE[1] / height)
    canvas = Image.fromarray(fitted(picture, round(max(width, height) * scale), enlarge=True))
    if fields.subject is not None:
        edges = fields.subject.box
        corners = edges.left, edges.top, edges.right, edges.bottom
        sides = canvas.width, canvas.height, canvas.width, canvas.height
        left, top, right, bottom = (share * side for share, side in zip(corners, sides, strict=True))
        box(canvas, (left, top, right, bottom), SERIES[0], "subject", thick=3)
    rows = _rows(fields)
    tall = max(canvas.height, 16 + _LINE * len(rows))
    page = strip(canvas.width + _FACTS, tall)
    page.paste(canvas, (0, 0))
    for place, (name, value, sure) in enumerate(rows):
        y = 20 + _LINE * place
        write(page, (canvas.width + 16, y), name, anchor="lm", colour=FAINT)
        used = write(page, (canvas.width + 160, y), value, anchor="lm", room=_FACTS - 220)
        write(page, (canvas.width + 170 + used, y), sure, anchor="lm", colour=FAINT, size=12)
    named = [((int(c.hex[1:3], 16), int(c.hex[3:5], 16), int(c.hex[5:7], 16)), c.name, c.share) for c in fields.palette]
    return stacked([picture_of(page), swatches(page.width, named, 64)])


def _rows(fields: VisualFields) -> list[tuple[str, str, str]]:
    light = fields.lighting
    kelvin = "" if light.kelvin is None else f", {light.kelvin:.0f} K"
    rows = [
        _row("key", light.key),
        _row("contrast", light.contrast),
        _row("temperature", light.temperature, kelvin),
        _row("light from", light.direction),
        _row("depth of field", fields.depth_of_field),
        _row("composition", fields.composition),
        _row("shot scale", fields.shot_scale),
        _row("camera angle", fields.camera_angle),
        _row("pose", fields.pose),
        ("saturation", fields.colors.saturation, ""),
        _row("harmony", fields.colors.harmony),
        ("mood", fields.mood.value, "" if fields.mood.value == "unknown" else f"{fields.mood.confidence:.2f}"),
    ]
    if fields.subject is not None:
        place = fields.subject.position.replace("_", " ")
        rows.append(("subject", f"{place}, {100 * fields.subject.area:.0f} %", f"{fields.subject.confidence:.2f}"))
    return rows


def _row(name: str, label: LookLabel, more: str = "") -> tuple[str, str, str]:
    if label.value == "unknown":
        reason = f" ({label.reason.replace('_', ' ')})" if label.reason else ""
        return name, f"unknown{reason}", ""
    return name, label.value.replace("_", " ") + more, f"{label.confidence:.2f}"
