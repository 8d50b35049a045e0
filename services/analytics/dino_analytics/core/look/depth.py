"""Depth of field: whether the background is blurred behind what is sharp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.look.subject import Subject

DepthOfField = Literal["shallow", "moderate", "deep", "unknown"]

SIDE = 512
CELLS = 16
FORM = 3.0
"""Mean coarse detail, in grey levels, from which a cell has anything to be sharp or blurred."""
SHARP, BLURRED = 0.24, 0.13
"""Fine over coarse detail of a cell from which it is sharp, and under which it is blurred."""


@dataclass(frozen=True, slots=True)
class Depth:
    """`depth_of_field`; `confidence` 0–1; `sharp`, `blurred` shares of the cells with form, 0–1; `reason` why it is
    unknown."""

    depth_of_field: DepthOfField
    confidence: float
    sharp: float
    blurred: float
    reason: str | None = None


def depth_of_field(picture: NDArray[np.uint8], subject: Subject | None) -> Depth:
    """Judge depth of field from where a picture is sharp.

    Per cell of 16 × 16, fine detail (over 1 pixel) relative to coarse detail (over 6): the ratio falls with blur and
    hardly depends on contrast (as the re-blurring of Crété et al., SPIE 6492, 2007, and Zhuo and Sim, "Defocus map
    estimation", Pattern Recognition 44, 2011). Shallow needs something sharp and a background with form that is
    blurred; deep needs the background sharp. A plain background, motion blur and a bad lens cannot be told apart, so
    confidence stays at 0.75 or less.

    Args:
        picture: uint8 (h, w, 3) RGB, at least 64 pixels a side; smaller is unknown.
        subject: of the same picture; None takes sharp and blurred cells wherever they are.
    """
    if min(picture.shape[:2]) < 64:
        return Depth("unknown", 0.0, 0.0, 0.0, "too_small")
    ratio, form = _cells(picture)
    has_form = form > FORM
    if np.count_nonzero(has_form) < 12:
        return Depth("unknown", 0.0, 0.0, 0.0, "no_texture")
    sharp, blurred = ratio > SHARP, ratio < BLURRED
    share_sharp, share_blurred = float(sharp[has_form].mean()), float(blurred[has_form].mean())
    facts = round(share_sharp, 4), round(share_blurred, 4)
    if share_sharp < 0.08:
        return Depth("unknown", 0.0, *facts, "nothing_sharp")
    behind, front = has_form, has_form
    if subject is not None:
        on = cv2.resize(subject.soft, (CELLS, CELLS), interpolation=cv2.INTER_LINEAR) >= 0.5
        if np.count_nonzero(~on & has_form) >= 8 and np.count_nonzero(on & has_form) >= 4:
            behind, front = ~on & has_form, on & has_form
    soft_behind, sharp_behind = float(blurred[behind].mean()), float(sharp[behind].mean())
    sharp_front = float(sharp[front].mean())
    separate = subject is not None and behind is not front
    if soft_behind > 0.45 and sharp_front > 0.1:
        sure = min(0.75, (0.45 if separate else 0.3) + 0.4 * (soft_behind - 0.45))
        return Depth("shallow", round(sure, 4), *facts)
    if sharp_behind > 0.45 and soft_behind < 0.2:
        return Depth("deep", round(min(0.75, 0.35 + 0.5 * (sharp_behind - 0.45)), 4), *facts)
    return Depth("moderate", 0.25, *facts)


def _cells(picture: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ratio of fine to coarse detail, and coarse detail, of each cell."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    scale = SIDE / max(grey.shape)
    if scale < 1.0:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    luma = grey.astype(np.float32)
    fine = np.abs(luma - np.asarray(cv2.GaussianBlur(luma, (0, 0), 1.0), dtype=np.float32))
    coarse = np.abs(luma - np.asarray(cv2.GaussianBlur(luma, (0, 0), 6.0), dtype=np.float32))
    cells = [
        np.asarray(cv2.resize(part, (CELLS, CELLS), interpolation=cv2.INTER_AREA), dtype=np.float64)
        for part in (fine, coarse)
    ]
    return cells[0] / (cells[1] + 0.5), cells[1]
