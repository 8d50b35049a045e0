"""How a picture is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.look.leading import Convergence, Lead, leading_lines
from dino_analytics.core.look.subject import Subject
from dino_common.look import Face

RGB = NDArray[np.uint8]
Placement = Literal[
    "centre", "left", "right", "top", "bottom", "top_left", "top_right", "bottom_left", "bottom_right", "unknown"
]
Scheme = Literal["rule_of_thirds", "centred", "symmetrical", "leading_lines", "frame_filling", "pattern", "unknown"]

THIRDS = tuple((x / 3, y / 3) for y in (1, 2) for x in (1, 2))
SIGMA_THIRDS, SIGMA_BALANCE = 0.17, 0.2
"""In picture sides; Liu et al. (2010) took both from photographs by professionals."""
CENTRED = 0.09
HEADROOM = 0.10
"""Frame heights above a face or a subject that stand well."""


@dataclass(frozen=True, slots=True)
class Score:
    """`value` 0–1, None where it is not known; `confidence` 0–1; `reason` why it is not known."""

    value: float | None
    confidence: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Composition:
    """Facts of a composition; lengths in shares of the picture's sides.

    Attributes:
        thirds, symmetry, leading, balance, headroom, simplicity: scores 0–1.
        symmetry_axis: of the better mirroring.
        convergence: where lines meet, None where they do not.
        balance_point: centre of visual weight, x and y.
        head_space: space above the face or subject in frame heights, None where there is neither.
        placement: where the subject's centre lies.
        scheme: the one word that fits best.
        scheme_confidence: 0–1.
    """

    thirds: Score
    symmetry: Score
    symmetry_axis: Literal["vertical", "horizontal"]
    leading: Score
    convergence: Convergence | None
    balance: Score
    balance_point: tuple[float, float]
    headroom: Score
    head_space: float | None
    simplicity: Score
    placement: Placement
    scheme: Scheme
    scheme_confidence: float


def compose(picture: RGB, subject: Subject | None, faces: list[Face] | None = None) -> Composition:
    """Judge a picture's composition; conventions, not taste.

    Rule of thirds and visual balance after Liu, Chen, Wolf and Cohen-Or, "Optimizing photo composition" (CGF 29, 2010):
    exp(−d²/2σ²) of the subject's distance to the nearest power point with σ 0.17, and of the visual centre's to
    the middle with σ 0.2. Symmetry is the correlation of the picture with its mirror image. Headroom is best at a
    tenth of the frame's height. Simplicity is the share of the background without detail (Luo and Tang, ECCV 2008,
    count its colours).

    Args:
        picture: uint8 (h, w, 3) RGB, at least 16 pixels a side.
        subject: of the same picture; without it what needs it is None with the reason `no_subject`.
        faces: None where no detector looked; an empty list where it found none.

    Raises:
        ValueError: another shape.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 16:
        raise ValueError(
            f"expected (h, w, 3) uint8 RGB of 16 pixels a side or more, got {picture.dtype} {picture.shape}"
        )
    small = _small(picture)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    weight = visual_weight(small, subject)
    point = _centre(weight)
    face = max(faces, key=lambda one: (one.bottom - one.top) * one.score) if faces else None
    focus = ((face.left + face.right) / 2, (face.top + face.bottom) / 2) if face else None
    if focus is None and subject is not None:
        focus = (subject.x, subject.y)
    sure = face.score if face else subject.confidence if subject else 0.0
    thirds = Score(None, 0.0, "no_subject") if focus is None else Score(_thirds(focus), sure)
    symmetry, axis = _symmetry(grey)
    lines = leading_lines(grey, focus)
    balance = Score(round(_bell(float(np.hypot(point[0] - 0.5, point[1] - 0.5)), SIGMA_BALANCE), 4), 0.7)
    headroom, space = _headroom(face, subject)
    simplicity = _simplicity(grey, subject)
    scheme, clear = _scheme(thirds, focus, symmetry, lines, subject)
    return Composition(
        thirds,
        symmetry,
        axis,
        Score(lines.score, lines.confidence, lines.reason),
        lines.convergence,
        balance,
        (round(point[0], 4), round(point[1], 4)),
        headroom,
        space,
        simplicity,
        "unknown" if focus is None else placement(*focus),
        scheme,
        clear,
    )


def visual_weight(picture: RGB, subject: Subject | None) -> NDArray[np.float64]:
    """Visual weight of each pixel: contrast to the picture's mean colour, doubled on the subject; (h, w), sum 1."""
    lab = np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float64)
    apart = np.linalg.norm(lab - lab.reshape(-1, 3).mean(axis=0), axis=2)
    weight = np.asarray(cv2.GaussianBlur(apart, (0, 0), max(picture.shape[:2]) / 64.0), dtype=np.float64)
    if subject is not None:
        size = picture.shape[1], picture.shape[0]
        on = np.asarray(cv2.resize(subject.soft, size, interpolation=cv2.INTER_LINEAR), dtype=np.float64)
        weight = weight + 2.0 * on * max(float(weight.mean()), 1e-9)
    total = float(weight.sum())
    return weight / total if total > 1e-9 else np.full(weight.shape, 1.0 / weight.size)


def placement(x: float, y: float) -> Placement:
    """Where a point lies in a grid of three by three, in words; the middle cell is `centre`."""
    row = "top" if y < 0.4 else "bottom" if y > 0.6 else ""
    column = "left" if x < 0.42 else "right" if x > 0.58 else ""
    name = "_".join(part for part in (row, column) if part)
    return name or "centre"  # pyright: ignore[reportReturnType]


def _thirds(at: tuple[float, float]) -> float:
    nearest = min(float(np.hypot(at[0] - x, at[1] - y)) for x, y in THIRDS)
    line = min(abs(at[axis] - third) for axis in (0, 1) for third in (1 / 3, 2 / 3))
    # A subject on one of the lines keeps the rule half.
    return round(max(_bell(nearest, SIGMA_THIRDS), 0.5 * _bell(line, SIGMA_THIRDS / 2)), 4)


def _symmetry(grey: NDArray[np.uint8]) -> tuple[Score, Literal["vertical", "horizontal"]]:
    """By tones and by edges at 64 × 64; a part moved by a pixel or two still mirrors."""
    tones = np.asarray(cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA), dtype=np.float64)
    tones = np.asarray(cv2.GaussianBlur(tones, (0, 0), 1.5), dtype=np.float64)
    if float(tones.std()) < 3.0:
        return Score(None, 0.0, "no_texture"), "vertical"
    edges = np.hypot(np.asarray(cv2.Sobel(tones, cv2.CV_64F, 1, 0)), np.asarray(cv2.Sobel(tones, cv2.CV_64F, 0, 1)))
    scores = [0.5 * _mirrored(tones, axis) + 0.5 * _mirrored(edges, axis) for axis in (1, 0)]
    best = int(np.argmax(scores))
    value = float(np.clip(scores[best], 0.0, 1.0))
    return Score(round(value, 4), 0.8), "vertical" if best == 0 else "horizontal"


def _mirrored(values: NDArray[np.float64], axis: int) -> float:
    other = np.flip(values, axis)
    one, two = values - values.mean(), other - other.mean()
    return float((one * two).sum() / max(float(np.sqrt((one**2).sum() * (two**2).sum())), 1e-9))


def _headroom(face: Face | None, subject: Subject | None) -> tuple[Score, float | None]:
    if face is not None:
        # A face as detectors box it begins at the brow: the crown is about 0.4 faces higher.
        space = max(0.0, face.top - 0.4 * (face.bottom - face.top))
        return Score(round(_bell(space - HEADROOM, 0.08), 4), min(0.9, face.score)), round(space, 4)
    if subject is None:
        return Score(None, 0.0, "no_subject"), None
    if subject.top <= 0.0 and subject.bottom >= 1.0:
        return Score(None, 0.0, "subject_fills_the_height"), 0.0
    # Where the head of an unknown thing is, is a guess: its top.
    return Score(round(_bell(subject.top - HEADROOM, 0.12), 4), round(0.4 * subject.confidence, 4)), round(
        subject.top, 4
    )


def _simplicity(grey: NDArray[np.uint8], subject: Subject | None) -> Score:
    detail = np.abs(np.asarray(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.2), cv2.CV_32F), dtype=np.float64))
    calm = np.asarray(cv2.blur(detail, (9, 9)), dtype=np.float64) < 2.0
    if subject is None:
        return Score(round(float(calm.mean()), 4), 0.5)
    size = grey.shape[1], grey.shape[0]
    around = cv2.resize(subject.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) == 0
    if not around.any():
        return Score(None, 0.0, "no_background")
    return Score(round(float(calm[around].mean()), 4), round(0.4 + 0.4 * subject.confidence, 4))


def _scheme(
    thirds: Score, focus: tuple[float, float] | None, symmetry: Score, lines: Lead, subject: Subject | None
) -> tuple[Scheme, float]:
    named: dict[Scheme, float] = {
        "symmetrical": ((symmetry.value or 0.0) - 0.6) / 0.4 * symmetry.confidence,
        "leading_lines": ((lines.score or 0.0) - 0.35) / 0.5 * lines.confidence,
    }
    if subject is None and focus is None:
        named["pattern"] = 0.3
    if focus is not None:
        off = float(np.hypot(focus[0] - 0.5, focus[1] - 0.5))
        named["centred"] = (1.0 - off / (2 * CENTRED)) * thirds.confidence
        named["rule_of_thirds"] = ((thirds.value or 0.0) - 0.45) / 0.5 * thirds.confidence
    if subject is not None and subject.area > 0.55:
        named["frame_filling"] = min(1.0, subject.area) * subject.confidence
    best = max(named, key=lambda name: named[name])
    sure = float(np.clip(named[best], 0.0, 0.9))
    return (best, round(sure, 4)) if sure >= 0.15 else ("unknown", 0.0)


def _bell(distance: float, sigma: float) -> float:
    return float(np.exp(-0.5 * (distance / sigma) ** 2))


def _centre(weight: NDArray[np.float64]) -> tuple[float, float]:
    height, width = weight.shape
    x = float(weight.sum(axis=0) @ (np.arange(width) + 0.5)) / width
    y = float(weight.sum(axis=1) @ (np.arange(height) + 0.5)) / height
    return x, y


def _small(picture: RGB) -> RGB:
    scale = 512 / max(picture.shape[:2])
    if scale >= 1.0:
        return picture
    size = max(16, round(picture.shape[1] * scale)), max(16, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
