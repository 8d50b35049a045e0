"""The foreground of a picture by a normalised cut over its patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Grid = NDArray[np.float32]

TAU = 0.2
"""Cosine of centred patch tokens from which two patches belong together."""
APART = 1e-5
"""Affinity of the others, so that the graph stays connected."""
EVEN = 0.04
"""Variety of a picture's patches under which all of it is one thing."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One side of a cut.

    Attributes:
        foreground: bool (rows, columns).
        soft: float32 (rows, columns), 0–1: how far on that side each patch is, 0.5 at the cut.
        confidence: 0–1, from how unlike the sides are and how little of the rim the foreground holds.
    """

    foreground: NDArray[np.bool_]
    soft: Grid
    confidence: float


def centred(patches: Grid) -> Float:
    """Patch tokens less their mean over the picture, each of length 1: float64 (rows · columns, dimension).

    What all patches of a picture share says nothing of what stands out in it, and hides it in raw cosines.
    """
    flat = np.asarray(patches, dtype=np.float64).reshape(-1, patches.shape[-1])
    moved = flat - flat.mean(axis=0)
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)


def variety(patches: Grid) -> float:
    """How much the patches of a picture differ: 1 − mean cosine between patches, 0–1; near 0 for one texture."""
    flat = np.asarray(patches, dtype=np.float64).reshape(-1, patches.shape[-1])
    return float(np.clip(1.0 - np.square(flat.mean(axis=0)).sum(), 0.0, 1.0))


def cut(patches: Grid, *, tau: float = TAU, without: NDArray[np.bool_] | None = None) -> Cut | None:
    """Part a picture into foreground and background; None where it does not part.

    Normalised cut (Shi and Malik, PAMI 22, 2000) of the graph whose edges are 1 where the cosine of two patch tokens
    exceeds τ (TokenCut: Wang et al., CVPR 2022), here of tokens centred over the picture. The eigenvector's own mean
    parts it. The background is the side that holds more of the picture's rim and corners (Wei et al., "Geodesic
    saliency using background priors", ECCV 2012) and is more of one piece; TokenCut takes the side of the largest
    entry for the foreground, which errs more with few patches.

    Args:
        patches: float32 (rows, columns, dimension), each of length 1.
        tau: 0–1.
        without: bool (rows, columns), patches that are taken already and take no part (MaskCut, CVPR 2023).
    """
    rows, columns = patches.shape[:2]
    free = np.ones(rows * columns, dtype=bool) if without is None else ~without.ravel()
    if np.count_nonzero(free) < 8:
        return None
    tokens = centred(patches)[free]
    affinity = np.where(tokens @ tokens.T > tau, 1.0, APART)
    scale = 1.0 / np.sqrt(affinity.sum(axis=1))
    _, vectors = np.linalg.eigh(affinity * scale[:, None] * scale[None, :])
    parting = np.full(rows * columns, np.nan)
    parting[free] = vectors[:, -2] * scale
    side = np.zeros(rows * columns, dtype=bool)
    side[free] = parting[free] > parting[free].mean()
    if not side[free].any() or side[free].all():
        return None
    raw = np.asarray(patches, dtype=np.float64).reshape(rows * columns, -1)
    shape = rows, columns
    if _ground(raw, side, shape) > _ground(raw, ~side & free, shape):
        side, parting = ~side & free, -parting
    unlike = _unlikeness(raw, side, ~side)
    rim = _share_of_rim(side.reshape(rows, columns))
    sure = np.clip((unlike - 0.12) / 0.45, 0.0, 1.0) * np.clip(1.15 - rim, 0.3, 1.0)
    return Cut(side.reshape(rows, columns), _soft(parting, free).reshape(rows, columns), round(float(sure), 4))


def _soft(parting: Float, free: NDArray[np.bool_]) -> Grid:
    """Logistic of the eigenvector around its mean, in units of its own spread."""
    values = parting[free]
    out = np.zeros(len(parting), dtype=np.float32)
    spread = max(float(np.abs(values - values.mean()).mean()), 1e-12)
    out[free] = 1.0 / (1.0 + np.exp(-3.0 * np.clip((values - values.mean()) / spread, -8.0, 8.0)))
    return out


def _ground(tokens: Float, side: NDArray[np.bool_], shape: tuple[int, int]) -> float:
    """How much a side looks like background."""
    grid = side.reshape(shape)
    inner = float(grid[1:-1, 1:-1].mean())
    corners = float(np.mean([grid[0, 0], grid[0, -1], grid[-1, 0], grid[-1, -1]]))
    oneness = float(np.linalg.norm(tokens[side].mean(axis=0)))
    return _share_of_rim(grid) - inner + 0.5 * corners + 4.0 * oneness


def _share_of_rim(side: NDArray[np.bool_]) -> float:
    rim = np.concatenate([side[0], side[-1], side[1:-1, 0], side[1:-1, -1]])
    return float(rim.mean())


def _unlikeness(tokens: Float, one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """1 − cosine between the means of both sides."""
    first, second = tokens[one].mean(axis=0), tokens[other].mean(axis=0)
    return float(1.0 - first @ second / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-12))
