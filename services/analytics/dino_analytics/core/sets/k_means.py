"""A number of clusters, given or chosen by the silhouette."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.sets.clusters import silhouette, sums
from dino_analytics.core.sets.density import Labelled
from dino_analytics.core.sets.telling import Tell, part, silent

Float32 = NDArray[np.float32]

_TRIED = (*range(2, 11), 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 160, 200)
_SAMPLE, _ROUNDS, _STARTS = 2000, 30, 3


def cluster_by_number(rows: Float32, k: int | None, tell: Tell = silent) -> Labelled:
    """Spherical k-means with k clusters, or with the number whose silhouette is best.

    Dhillon and Modha, Machine Learning 42, 2001; begun by greedy k-means++ (Arthur and Vassilvitskii, SODA 2007) from
    fixed seeds, the best of three. The number is chosen on at most 2,000 rows among 2, 3, … and then in growing steps,
    up to 200 or a third of the rows; a set whose best silhouette is not above 0.02 stays one cluster.

    Args:
        rows: float32 (n, d), each of length 1; equal calls give equal answers.
        k: at most n clusters are made; None chooses.
        tell: hears how far it is.

    Returns:
        Every row with its cluster; membership is the cosine to its centre over the largest one there.
    """
    count = len(rows)
    if count == 0:
        return Labelled(np.zeros(0, np.int64), np.zeros(0))
    if k is None:
        k = _chosen(rows, part(tell, 0.0, 0.7))
    tell(0.7, "clustering")
    centres = _fit(rows, min(k, count))
    cosines = rows @ centres.T
    label = cosines.argmax(axis=1)
    own = np.maximum(cosines[np.arange(count), label], 0.0).astype(np.float64)
    largest = np.zeros(len(centres))
    np.maximum.at(largest, label, own)
    return Labelled(label.astype(np.int64), np.minimum(1.0, own / np.maximum(largest[label], 1e-12)))


def _chosen(rows: Float32, tell: Tell) -> int:
    sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.int64)]
    tried = [k for k in _TRIED if k <= max(2, len(sample) // 3) and k < len(sample)]
    best, best_value = 1, 0.02
    for number, k in enumerate(tried):
        tell(number / len(tried), "choosing the number of clusters")
        value = silhouette(sample, (sample @ _fit(sample, k, starts=2).T).argmax(axis=1).astype(np.int64))
        if value is not None and value > best_value:
            best, best_value = k, value
    return best


def _fit(rows: Float32, k: int, starts: int = _STARTS) -> Float32:
    """Centres, float32 (k or fewer, d), of length 1."""
    best, best_value = rows[:1], -np.inf
    for start in range(starts):
        centres = _begun(rows, k, start)
        for _ in range(_ROUNDS):
            label = (rows @ centres.T).argmax(axis=1)
            total = sums(rows, label, len(centres))
            length = np.linalg.norm(total, axis=1, keepdims=True)
            fresh = np.where(length > 0, total / np.maximum(length, 1e-12), centres).astype(np.float32)
            if np.allclose(fresh, centres, atol=1e-5):
                break
            centres = fresh
        value = float((rows @ centres.T).max(axis=1).sum())
        if value > best_value + 1e-6:
            best, best_value = centres, value
    return best


def _begun(rows: Float32, k: int, seed: int) -> Float32:
    random = np.random.default_rng(seed)
    chosen = [int(random.integers(len(rows)))]
    distance = 1.0 - rows @ rows[chosen[0]]
    for _ in range(k - 1):
        weight = np.maximum(distance, 0.0).astype(np.float64)
        if weight.sum() <= 1e-9:
            break  # fewer different rows than clusters
        # Of several drawn ones that which leaves least: a start in every group is found far more often.
        drawn = random.choice(len(rows), 2 + int(np.log(k)), p=weight / weight.sum())
        left = np.minimum(distance[:, None], 1.0 - rows @ rows[drawn].T)
        best = int(left.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        distance = left[:, best]
    return rows[chosen].copy()
