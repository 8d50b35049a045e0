"""Objects of a picture, found without knowing what they are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.look.cut import EVEN, TAU, Cut, Grid, cut, variety
from dino_analytics.core.look.refine import refined

RGB = NDArray[np.uint8]

LEAST_PATCHES = 3
LEAST_CONFIDENCE = 0.2
LATER_CONFIDENCE = 0.3
"""Of cuts after the first: what is left is more often background."""
LATER_RIM = 0.3
"""Share of the picture's rim that a later object may hold."""
BACKGROUND_RIM, BACKGROUND_AREA = 0.6, 0.85
"""Share of the rim, and of the picture, from which one piece is background however it was cut."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object.

    Attributes:
        mask: bool (height, width) over the picture.
        patches: bool (rows, columns), before its edges were refined.
        left, top, right, bottom: of the mask, in shares of the picture.
        area: share of the picture.
        confidence: 0–1.
    """

    mask: NDArray[np.bool_]
    patches: NDArray[np.bool_]
    left: float
    top: float
    right: float
    bottom: float
    area: float
    confidence: float


def discover(picture: RGB, patches: Grid, *, most: int = 3, tau: float = TAU, refine: bool = True) -> list[Found]:
    """Find objects, the surest first; none in a texture or on one even ground.

    As MaskCut (Wang et al., CVPR 2023): cut, take the foreground out, cut what is left, up to `most` times. Pieces of a
    foreground that do not touch are objects of their own. Edges are drawn at patches and then refined by colour
    (`refined`).

    Args:
        picture: uint8 (height, width, 3) RGB.
        patches: float32 (rows, columns, dimension), each of length 1, that cover the whole of it.
        most: objects at most, 1 or more.
        tau: cosine from which two patches belong together.
        refine: draw the edges along the picture's; False keeps the patches'.
    """
    if variety(patches) < EVEN:
        return []
    taken = np.zeros(patches.shape[:2], dtype=bool)
    pieces: list[tuple[NDArray[np.bool_], Cut, float]] = []
    for turn in range(most):
        found = cut(patches, tau=tau, without=taken if turn else None)
        if found is None:
            break
        bound, rim = (LEAST_CONFIDENCE, BACKGROUND_RIM) if turn == 0 else (LATER_CONFIDENCE, LATER_RIM)
        if found.confidence >= bound:
            parts = _parts(found.foreground, patches)
            kept = [(part, sure) for part, sure in parts if _rim(part) <= rim and part.mean() < BACKGROUND_AREA]
            pieces += [(part, found, sure) for part, sure in kept]
        taken |= found.foreground
        if taken.mean() > 0.9:
            break
    pieces.sort(key=lambda piece: -piece[1].confidence * piece[2])
    return [_found(picture, part, one, sure, refine) for part, one, sure in pieces[:most]]


def _parts(mask: NDArray[np.bool_], patches: Grid) -> list[tuple[NDArray[np.bool_], float]]:
    """Pieces that do not touch, and how unlike the background each is beside the whole foreground."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    flat = patches.reshape(-1, patches.shape[-1])
    behind = flat[~mask.ravel()].mean(axis=0)
    whole = 1.0 - float(flat[mask.ravel()].mean(axis=0) @ behind)
    parts: list[tuple[NDArray[np.bool_], float]] = []
    for label in range(1, count):
        part = np.asarray(labels == label)
        size = int(part.sum())
        if size < LEAST_PATCHES:
            continue
        unlike = 1.0 - float(flat[part.ravel()].mean(axis=0) @ behind)
        share = min(1.0, 0.4 + 1.2 * size / mask.sum())
        parts.append((part, float(np.clip(unlike / max(whole, 1e-6), 0.0, 1.0)) * share))
    return parts


def _found(picture: RGB, part: NDArray[np.bool_], one: Cut, sure: float, refine: bool) -> Found:
    height, width = picture.shape[:2]
    soft = np.where(part, np.maximum(one.soft, 0.5), np.minimum(one.soft, 0.5) * _near(part)).astype(np.float32)
    if refine:
        mask = refined(picture, soft, part)
    else:
        mask = np.asarray(cv2.resize(part.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)) > 0
    y, x = np.nonzero(mask)
    return Found(
        mask,
        part,
        float(x.min()) / width,
        float(y.min()) / height,
        float(x.max() + 1) / width,
        float(y.max() + 1) / height,
        float(mask.mean()),
        round(one.confidence * sure, 4),
    )


def _near(part: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1 beside the piece, 0 elsewhere: other pieces of the same cut are not of this object."""
    return np.asarray(cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)), dtype=np.float64)


def _rim(part: NDArray[np.bool_]) -> float:
    return float(np.concatenate([part[0], part[-1], part[1:-1, 0], part[1:-1, -1]]).mean())
