"""A map of a set in two dimensions, on which near pictures are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.sets.telling import Tell, silent

Float32 = NDArray[np.float32]

LANDMARKS = 2000
"""Rows that the map is computed from; the others are placed by their three nearest of these."""
PERPLEXITY = 30.0
_COMPONENTS, _NEAREST, _BLOCK = 50, 3, 2048
_MANY = 1000


def flat_map(rows: Float32, seed: int = 0, tell: Tell = silent) -> tuple[NDArray[np.float64], int]:
    """Place every row on a map.

    Principal components, then t-SNE (van der Maaten and Hinton, JMLR 9, 2008; Barnes–Hut, JMLR 15, 2014) begun from
    them (Kobak and Berens, Nature Communications 10, 2019), so that equal calls give equal maps. It keeps neighbours
    together; distances between far groups mean little. Fewer than six rows are placed by principal components alone.

    Args:
        rows: float32 (n, d), each of length 1.
        seed: of ties alone: the start is not drawn.
        tell: hears how far it is.

    Returns:
        float64 (n, 2), each axis within 0–1 with one scale for both, and how many rows the map was computed from.
    """
    count = len(rows)
    if count == 0:
        return np.zeros((0, 2)), 0
    chosen = np.unique(np.linspace(0, count - 1, min(count, LANDMARKS)).astype(np.int64))
    marks = rows[chosen].astype(np.float64)
    marks = marks - marks.mean(axis=0)
    tell(0.0, "principal components")
    # Of the smaller of the two Gram matrices; signs fixed by the largest entry, which they else lack.
    _, strength, axes = np.linalg.svd(marks, full_matrices=False)
    keep = min(_COMPONENTS, len(strength))
    axes = axes[:keep] * np.sign(axes[np.arange(keep), np.abs(axes[:keep]).argmax(axis=1)])[:, None]
    parts = marks @ axes.T
    if len(chosen) < 6 or strength[0] < 1e-6:
        placed = np.pad(parts[:, :2], ((0, 0), (0, max(0, 2 - parts.shape[1]))))
    else:
        placed = _t_sne(parts, seed, tell)
    tell(0.9, "placing the others")
    places = placed if len(chosen) == count else _by_nearest(rows, rows[chosen], placed)
    return _scaled(places), len(chosen)


def _t_sne(parts: NDArray[np.float64], seed: int, tell: Tell) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    tell(0.1, "drawing the map")
    perplexity = min(PERPLEXITY, max(2.0, (len(parts) - 1) / 3.0))
    start = parts[:, :2] / max(float(parts[:, 0].std()), 1e-12) * 1e-4
    model = TSNE(2, perplexity=perplexity, learning_rate="auto", max_iter=750, random_state=seed)
    model.set_params(init=start)
    # On few points threads would mostly wait for each other, and for as long as any core is busy otherwise.
    with threadpool_limits(1 if len(parts) <= _MANY else None):
        return np.asarray(model.fit_transform(parts), dtype=np.float64)


def _by_nearest(rows: Float32, marks: Float32, placed: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty((len(rows), 2))
    for start in range(0, len(rows), _BLOCK):
        cosines = rows[start : start + _BLOCK] @ marks.T
        best = np.argpartition(-cosines, _NEAREST - 1, axis=1)[:, :_NEAREST]
        weight = np.exp(20.0 * np.take_along_axis(cosines, best, axis=1).astype(np.float64))
        weight /= weight.sum(axis=1, keepdims=True)
        out[start : start + _BLOCK] = (placed[best] * weight[:, :, None]).sum(axis=1)
    return out


def _scaled(places: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = places.min(axis=0), places.max(axis=0)
    span = float((high - low).max())
    if span < 1e-12:
        return np.full_like(places, 0.5)
    return np.clip(0.5 + (places - (low + high) / 2.0) / span, 0.0, 1.0)
