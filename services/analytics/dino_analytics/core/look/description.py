"""Everything that is said of a picture's look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.look.colour_mood import ColourMood, colour_mood
from dino_analytics.core.look.composition import Composition, compose
from dino_analytics.core.look.cut import Grid
from dino_analytics.core.look.depth import Depth, depth_of_field
from dino_analytics.core.look.pose import Pose, pose_of
from dino_analytics.core.look.subject import Subject, find_subject
from dino_common.look import (
    Angle,
    EmotionalTone,
    Lighting,
    Swatch,
    camera_angle,
    emotional_tone,
    lighting,
    palette,
    shot_scale,
)
from dino_common.look.people import People
from dino_common.look.scale import ShotScale

RGB = NDArray[np.uint8]
METHOD = "look-2"
"""Grows when a description changes, so that older kept ones are not read."""
COLOURS = 8


@dataclass(frozen=True, slots=True)
class Framing:
    """`shot_scale`, `confidence` 0–1, `source` of it, `reason` why it is unknown."""

    shot_scale: ShotScale
    confidence: float
    source: Literal["faces", "bodies", "focus", "texture", "subject"] | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Description:
    """The look of one picture; every part has its confidence and is unknown where it cannot be told.

    Attributes:
        palette: most frequent colour first, at most `COLOURS`.
        backlit: 0–1, how clearly the subject is darker than a bright background.
        pose: of the largest person.
        faces: how many a detector found; None where none looked.
    """

    palette: list[Swatch]
    colours: ColourMood
    light: Lighting
    backlit: float
    depth: Depth
    composition: Composition
    framing: Framing
    angle: Angle
    tone: EmotionalTone
    subject: Subject | None
    pose: Pose
    faces: int | None


def describe(picture: RGB, patches: Grid, people: People | None = None) -> Description:
    """Describe a picture.

    Args:
        picture: uint8 (h, w, 3) RGB, at least 32 pixels a side; 512 on the longer side is enough.
        patches: float32 (rows, columns, dimension), each of length 1, that cover the whole of it.
        people: None where no detector looked.

    Raises:
        ValueError: another shape, or a side under 32 pixels.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 32:
        raise ValueError(
            f"expected (h, w, 3) uint8 RGB of 32 pixels a side or more, got {picture.dtype} {picture.shape}"
        )
    subject = find_subject(patches)
    faces = None if people is None else people.faces
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    colours = palette(picture, COLOURS)
    return Description(
        palette=colours,
        colours=colour_mood(colours),
        light=lighting(picture),
        backlit=_backlit(grey, subject),
        depth=depth_of_field(picture, subject),
        composition=compose(picture, subject, faces),
        framing=framing(grey, subject, people),
        angle=camera_angle([grey]),
        tone=emotional_tone(picture),
        subject=subject,
        pose=pose_of(people),
        faces=None if faces is None else len(faces),
    )


def framing(grey: NDArray[np.uint8], subject: Subject | None, people: People | None) -> Framing:
    """Shot scale: by faces or bodies, by focus or texture (`dino_common.look.shot_scale`), else by the subject's share
    of the frame, which says how much of it something fills and not what of a body is seen: confidence stays at 0.35.

    Args:
        grey: uint8 (h, w).
        subject: of the same picture.
        people: None where no detector looked.
    """
    seen = shot_scale(grey, None if people is None else people.faces, None if people is None else people.bodies)
    if seen.shot_scale != "unknown":
        return Framing(seen.shot_scale, seen.confidence, seen.source, None)
    if subject is None or subject.confidence < 0.5:
        return Framing("unknown", 0.0, None, "no_subject")
    tall = subject.bottom - subject.top
    if subject.area > 0.5 and tall > 0.95:
        name: ShotScale = "close_up"
    elif subject.area > 0.3:
        name = "medium_close_up"
    elif subject.area > 0.12:
        name = "medium"
    else:
        name = "wide" if subject.area > 0.02 else "extreme_wide"
    return Framing(name, round(0.35 * subject.confidence, 4), "subject", None)


def _backlit(grey: NDArray[np.uint8], subject: Subject | None) -> float:
    if subject is None:
        return 0.0
    size = grey.shape[1], grey.shape[0]
    on = np.asarray(cv2.resize(subject.soft, size, interpolation=cv2.INTER_LINEAR)) >= 0.5
    if not on.any() or on.all():
        return 0.0
    front, behind = float(grey[on].mean()) / 255.0, float(grey[~on].mean()) / 255.0
    if behind < 0.5:
        return 0.0
    return round(float(np.clip((0.5 - front / behind) / 0.3, 0.0, 1.0)) * subject.confidence, 4)
