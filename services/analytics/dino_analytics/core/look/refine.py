"""Edges of a coarse mask, drawn along those of the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

ROUNDS = 3
LEAST_KEPT, MOST_GROWN = 0.5, 1.8
"""Share of the coarse mask that a refined one keeps at least, and area beside it at most; otherwise it went astray."""


def refined(picture: NDArray[np.uint8], soft: Float, patches: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Refine a mask of patches to pixels: bool (height, width).

    GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004) in a band of one patch around the mask's edge: what lies
    further in or out is held, so that it can move an edge and not the object. Where it keeps less than half of the
    mask or runs away, the guided filter's edge (He, Sun and Tang, PAMI 35, 2013) is taken.

    Args:
        picture: uint8 (height, width, 3) RGB.
        soft: float32 (rows, columns), 0–1, over 0.5 inside.
        patches: bool (rows, columns), the mask.
    """
    height, width = picture.shape[:2]
    coarse = np.asarray(cv2.resize(patches.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)) > 0
    smooth = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    guess = guided(picture, smooth, soft.shape)
    filtered = largest_pieces(guess > 0.5, coarse)
    if min(height, width) < 48 or coarse.all():
        return filtered
    reach = max(3, round(0.75 * max(height / soft.shape[0], width / soft.shape[1])))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    solid = coarse.astype(np.uint8)
    # Beyond the frame the object goes on: its edge there is the frame's.
    outer = cv2.dilate(solid, disc) > 0
    inner = cv2.erode(solid, disc, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    if not inner.any() or outer.all():
        return filtered
    trimap = np.where(filtered, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[inner] = cv2.GC_FGD
    trimap[~outer] = cv2.GC_BGD
    back, front = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(7)
    bgr = np.ascontiguousarray(picture[:, :, ::-1])
    cv2.grabCut(bgr, trimap, None, back, front, ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    mask = largest_pieces((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD), coarse)
    kept = float((mask & coarse).sum()) / float(coarse.sum())
    return mask if kept >= LEAST_KEPT and mask.sum() <= MOST_GROWN * coarse.sum() else filtered


def guided(picture: NDArray[np.uint8], values: Float, grid: tuple[int, ...]) -> Float:
    """Guided filter of float32 (height, width) by the picture's luma, over a window of a patch and a half."""
    guide = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32) / 255.0
    radius = max(3, round(0.75 * max(picture.shape[0] / grid[0], picture.shape[1] / grid[1])))

    def mean(of: Float) -> Float:
        return np.asarray(cv2.blur(of, (2 * radius + 1, 2 * radius + 1)), dtype=np.float32)

    m_guide, m_values = mean(guide), mean(values)
    shared = mean(np.asarray(guide * values, dtype=np.float32)) - m_guide * m_values
    slope = np.asarray(shared / (mean(np.square(guide)) - m_guide**2 + 1e-3), dtype=np.float32)
    offset = np.asarray(m_values - slope * m_guide, dtype=np.float32)
    return np.asarray(mean(slope) * guide + mean(offset), dtype=np.float32)


def largest_pieces(mask: NDArray[np.bool_], coarse: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pieces that meet the coarse mask and are at least a fifth of the largest, with small holes closed."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    meets = [label for label in range(1, count) if coarse[labels == label].any()]
    if not meets:
        return coarse
    sizes = facts[:, cv2.CC_STAT_AREA]
    bound = 0.2 * max(int(sizes[label]) for label in meets)
    kept = np.isin(labels, [label for label in meets if sizes[label] >= bound])
    holes, spots, spot_facts, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    small = [label for label in range(1, holes) if spot_facts[label, cv2.CC_STAT_AREA] < 0.02 * kept.sum()]
    return np.asarray(kept | np.isin(spots, small))
