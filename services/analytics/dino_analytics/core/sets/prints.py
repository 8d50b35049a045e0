"""Small prints of pictures, and whether two are of one picture: copies told from pictures that are only alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Relation = Literal["same_frame", "recoloured", "cropped", "mirrored"]

SIDE = 96
"""Pixels of a print's longer side."""
COLOURS = 8
VERSION = 1
"""Grows when prints are made otherwise; older ones are made anew."""
_FRAME, _BLOCKS = 64, 4
_TEXTURE = 3.0
_SCALES = np.geomspace(1.0, 0.45, 18)
_RECOLOURED = 7.0
_FAR_HASH = 22


@dataclass(frozen=True, slots=True)
class Print:
    """What is kept of a picture's pixels.

    `grey` uint8 (h, w), longer side `SIDE`; `colours` uint8 (8, 8, 3) RGB, the picture stretched; `dhash` 64 bits.
    """

    grey: Grey
    colours: NDArray[np.uint8]
    dhash: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How two prints fit: `relation`, and `match` 0–1, the correlation of their grey values, block by block."""

    relation: Relation
    match: float


def make_print(pixels: NDArray[np.uint8]) -> Print:
    """Make the print of uint8 RGB (height, width, 3)."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    colours = np.asarray(cv2.resize(small, (COLOURS, COLOURS), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Print(grey, colours, difference_hash(grey))


def difference_hash(grey: Grey) -> int:
    """Return 64 bits, each whether a cell of a 9 × 8 picture is brighter than its left neighbour (dHash, Krawetz
    2013)."""
    cells = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = (cells[:, 1:] > cells[:, :-1]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def compare_prints(one: Print, other: Print, min_match: float, *, crops: bool = True) -> Fit | None:
    """Say how two prints are copies, or None when their pixels do not fit.

    Tried in turn: the whole frames, one of them mirrored, and one as a part of the other. Frames fit when the
    zero-mean normalised correlation (Lewis, Vision Interface 1995) of the worst quarter of their textured blocks
    reaches `min_match`: a subject that has moved spoils the blocks it left and entered, while new coding, size or
    brightness spoils none.

    Args:
        one, other: prints.
        min_match: 0–1.
        crops: whether to look for parts, which takes some milliseconds.
    """
    if _ratios_agree(one.grey, other.grey):
        if (one.dhash ^ other.dhash).bit_count() <= _FAR_HASH:
            value = _fit(_framed(one.grey), _framed(other.grey))
            if value >= min_match:
                return Fit("recoloured" if _recoloured(one, other) else "same_frame", value)
        value = _fit(_framed(one.grey), _framed(np.ascontiguousarray(other.grey[:, ::-1])))
        if value >= min_match:
            return Fit("mirrored", value)
    if crops:
        value = max(_part_of(one.grey, other.grey, min_match), _part_of(other.grey, one.grey, min_match))
        if value >= min_match:
            return Fit("cropped", value)
    return None


def _ratios_agree(one: Grey, other: Grey) -> bool:
    ratio = (one.shape[1] / one.shape[0]) / (other.shape[1] / other.shape[0])
    return 0.94 <= ratio <= 1 / 0.94


def _framed(grey: Grey) -> Grey:
    return np.asarray(cv2.resize(grey, (_FRAME, _FRAME), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _fit(one: Grey, other: Grey) -> float:
    """Correlation of equal-sized grey pictures, 0–1: of all, and of the worst quarter of their textured blocks."""
    first, second = _soft(one), _soft(other)
    whole = _correlation(first, second)
    if whole < 0.5:
        return max(0.0, whole)
    height, width = first.shape
    values = []
    for rows in np.array_split(np.arange(height), _BLOCKS):
        for columns in np.array_split(np.arange(width), _BLOCKS):
            a = first[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            b = second[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            if max(a.std(), b.std()) >= _TEXTURE:
                values.append(_correlation(a, b))
    if not values:
        return max(0.0, whole)
    worst = sorted(values)[: max(1, round(len(values) / 4))]
    return max(0.0, min(whole, float(np.mean(worst))))


def _soft(grey: Grey) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0), dtype=np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    a, b = one - one.mean(), other - other.mean()
    energy = float(np.sqrt(np.square(a).sum() * np.square(b).sum()))
    if energy < 1e-6:
        return 1.0 if float(np.abs(one - other).mean()) < 2.0 else 0.0
    return float((a * b).sum()) / energy


def _recoloured(one: Print, other: Print) -> bool:
    """Whether the colours differ by more than coding does: mean CIE 1976 difference of the 8 × 8 pictures."""
    labs = [
        np.asarray(cv2.cvtColor(p.colours.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)
        for p in (one, other)
    ]
    return float(np.linalg.norm(labs[0] - labs[1], axis=2).mean()) > _RECOLOURED


def _part_of(whole: Grey, part: Grey, min_match: float) -> float:
    """How well `part` fits a place in `whole` at any scale from 0.45 of its size on, 0–1."""
    tall, wide = whole.shape
    ratio = part.shape[0] / part.shape[1]
    best, where = 0.0, None
    for scale in _SCALES:
        width = round(wide * scale) if ratio * wide <= tall else round(tall * scale / ratio)
        height = round(width * ratio)
        if min(width, height) < 16 or width > wide or height > tall:
            continue
        template = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        found = cv2.matchTemplate(whole, template, cv2.TM_CCOEFF_NORMED)
        _, value, _, place = cv2.minMaxLoc(found)
        if value > best:
            best, where = float(value), (place[0], place[1], width, height)
    if where is None or best < min_match - 0.15:
        return 0.0
    return _aligned(whole, part, where)


def _aligned(whole: Grey, part: Grey, where: tuple[int, int, int, int]) -> float:
    """Fit after moving and scaling the part below a pixel (Evangelidis and Psarakis, TPAMI 30, 2008)."""
    left, top, width, height = where
    template = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    start = np.array([[1, 0, left], [0, 1, top]], dtype=np.float32)
    how = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _, warp = cv2.findTransformECC(template, whole, start, cv2.MOTION_AFFINE, how, np.ones_like(whole), 3)
    except cv2.error:
        return _fit(whole[top : top + height, left : left + width], template)  # it did not converge
    taken = cv2.warpAffine(
        whole, warp, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return _fit(np.asarray(taken, dtype=np.uint8), template)
