"""Shot scale: how large the subject stands in the frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

ShotScale = Literal[
    "extreme_wide", "wide", "medium_wide", "medium", "medium_close_up", "close_up", "extreme_close_up", "unknown"
]

FACE_SCALES: tuple[tuple[float, ShotScale], ...] = (
    (0.045, "extreme_wide"),
    (0.095, "wide"),
    (0.15, "medium_wide"),
    (0.25, "medium"),
    (0.37, "medium_close_up"),
    (0.75, "close_up"),
    (math.inf, "extreme_close_up"),
)
"""Upper bounds of the face's height in frame heights.

A body is about 7.5 heads high and a face (brow to chin, as detectors box it) about 0.8 of a head: a whole body that
fills the frame has a face of 0.11, to the knees 0.15, to the waist 0.24, to the chest 0.36.
"""


FACE_OF_BODY = 0.107
"""Height of a face, as detectors box it, in body heights."""

Facing = Literal["camera", "left", "right", "away", "unknown"]


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face (or hand): left, top, right, bottom in shares of the frame, `score` of the detector 0–1, `facing`
    the side of the picture that it is turned to."""

    left: float
    top: float
    right: float
    bottom: float
    score: float = 1.0
    facing: Facing = "unknown"


@dataclass(frozen=True, slots=True)
class Body:
    """A detected body: the box around its points that are seen, in shares of the frame; `score` 0–1; `height` of the
    whole body if it stood upright, in frame heights (over 1 when it does not fit); `lowest` part that is seen."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    height: float
    lowest: Literal["head", "shoulders", "hips", "knees", "ankles"] = "ankles"
    posture: Literal["standing", "sitting", "lying", "unknown"] = "unknown"
    facing: Facing = "unknown"


@dataclass(frozen=True, slots=True)
class Scale:
    """`shot_scale`, `confidence` 0–1, `source` of it, None when unknown; `reason` why it is."""

    shot_scale: ShotScale
    confidence: float
    source: Literal["faces", "bodies", "focus", "texture"] | None
    reason: str | None = None


def shot_scale(grey: NDArray[np.uint8], faces: list[Face] | None = None, bodies: list[Body] | None = None) -> Scale:
    """The scale of a frame: uint8 (h, w) grey, at least 160 pixels wide.

    With faces (from a detector, when one is there) the largest face's height decides, by the proportions of the
    body (Bordwell and Thompson, "Film Art", ch. 5, name the scales by what of the body is seen). An empty list says
    that a detector found none. Without faces the tallest body does (a figure that is far away or seen from behind), by
    the height of the face that it would have. Without people little can be told and confidence stays under 0.5:
    a sharp region in the middle of a blurred frame is a close shot (shallow focus needs closeness or a long
    lens), fine texture all over under a plain upper part is a wide one. Otherwise unknown.
    """
    if grey.dtype != np.uint8 or grey.ndim != 2 or min(grey.shape) < 32:
        raise ValueError(f"expected a grey uint8 frame of 32 pixels a side or more, got {grey.dtype} {grey.shape}")
    if faces:
        return _by_face(max(faces, key=lambda face: (face.bottom - face.top) * face.score))
    if bodies:
        return _by_body(max(bodies, key=lambda body: body.height * body.score))
    if float(grey.mean()) < 10.0:
        return Scale("unknown", 0.0, None, "too_dark")
    if float(grey.std()) < 4.0:
        return Scale("unknown", 0.0, None, "no_texture")
    guess = _by_focus(grey)
    if guess.shot_scale == "unknown" and faces is None:
        return Scale("unknown", 0.0, None, "no_detector")
    return guess


def _by_face(face: Face) -> Scale:
    name, sure = _named(face.bottom - face.top)
    return Scale(name, round(min(0.95, face.score * sure), 4), "faces")


def _by_body(body: Body) -> Scale:
    name, sure = _named(body.height * FACE_OF_BODY)
    # Limbs are foreshortened and people are of many builds: a body tells less than a face does.
    return Scale(name, round(min(0.75, 0.8 * body.score * sure), 4), "bodies")


def _named(height: float) -> tuple[ShotScale, float]:
    """The scale of a face's height in frame heights, and how clear of the next one it is."""
    name: ShotScale = next(scale for bound, scale in FACE_SCALES if height < bound)
    bounds = [bound for bound, _ in FACE_SCALES[:-1]]
    # In octaves: 0.2 from a bound is clear of it.
    nearest = min(abs(math.log2(max(height, 1e-3) / bound)) for bound in bounds)
    return name, 0.5 + min(0.45, 1.5 * nearest)


def _by_focus(grey: NDArray[np.uint8]) -> Scale:
    """Shares of fine detail over a grid of 12×8 cells."""
    luma = np.asarray(cv2.resize(grey, (384, 256), interpolation=cv2.INTER_AREA), dtype=np.float32)
    fine = np.abs(luma - np.asarray(cv2.GaussianBlur(luma, (0, 0), 1.0), dtype=np.float32))
    coarse = np.abs(luma - np.asarray(cv2.GaussianBlur(luma, (0, 0), 6.0), dtype=np.float32))
    detail, form = (part.reshape(8, 32, 12, 32).mean(axis=(1, 3)) for part in (fine, coarse))
    sharp = (detail / (form + 1.0) > 0.17) & (detail > 1.2)
    share = float(sharp.mean())
    blurred = float(((detail / (form + 1.0) < 0.09) & (form > 2.0)).mean())
    middle = float(sharp[2:7, 3:9].mean())
    rim = float(np.concatenate([sharp[0], sharp[:, 0], sharp[:, -1]]).mean())
    if blurred > 0.3 and middle > rim + 0.35 and 0.08 < share < 0.6:
        return Scale(
            "close_up" if share > 0.22 else "medium_close_up", round(min(0.45, 0.25 + 0.3 * blurred), 4), "focus"
        )
    sky = float((detail[:2] < 1.2).mean()) > 0.8 and float((form[:2] < 4.0).mean()) > 0.6
    if sky and float(sharp[4:].mean()) > 0.6:
        return Scale("wide", 0.35, "texture")
    return Scale("unknown", 0.0, None, "no_person_found")
