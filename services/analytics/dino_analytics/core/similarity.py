"""Similarity of feature vectors: cosine, distance, the 0–100 score, matrices and ranking."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Similarity:
    """What two feature vectors say about each other.

    `cosine_similarity` in [-1, 1], `euclidean_distance` in [0, 2] between the normalised vectors,
    `similarity_score` in 0–100 with one decimal.
    """

    cosine_similarity: float
    euclidean_distance: float
    similarity_score: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate of a ranking: its row in the candidates and its cosine with the query."""

    index: int
    cosine: float


def unit_rows(vectors: ArrayLike) -> Float32:
    """L2-normalise each row.

    Takes a (d,) vector or an (n, d) matrix of any real dtype, answers float32 of the same shape.
    Raises ValueError for a row that is not finite or has no length: it has no direction to compare.
    """
    wide = np.asarray(vectors, dtype=np.float64)
    if wide.ndim not in (1, 2) or wide.shape[-1] == 0:
        raise ValueError(f"expected a vector or a matrix of vectors, got shape {wide.shape}")
    if not np.isfinite(wide).all():
        raise ValueError("a feature vector holds a value that is not finite")
    # Scaled by the largest entry first, so that squares of very large or small values stay in range.
    largest = np.abs(wide).max(axis=-1, keepdims=True) if wide.size else np.ones((0, 1))
    if not (largest > 0).all():
        raise ValueError("a feature vector is all zeros and has no direction")
    scaled = wide / largest
    lengths: NDArray[np.float64] = np.linalg.norm(scaled, axis=-1, keepdims=True)
    return np.asarray(scaled / lengths, dtype=np.float32)


def cosine_similarity(a: ArrayLike, b: ArrayLike) -> float:
    """Cosine of the angle between two (d,) vectors, in [-1, 1], summed in float64."""
    first, second = np.asarray(a), np.asarray(b)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"cannot compare vectors of shapes {first.shape} and {second.shape}")
    dot = float(unit_rows(first).astype(np.float64) @ unit_rows(second).astype(np.float64))
    return min(1.0, max(-1.0, dot))


def euclidean_from_cosine(cosine: float) -> float:
    """Distance between two unit vectors with this cosine: √(2 − 2·cos), in [0, 2]."""
    return math.sqrt(max(0.0, 2.0 - 2.0 * cosine))


def similarity_score(cosine: float) -> float:
    """Score 0–100 with one decimal: 100 × cosine, negative cosines count as 0."""
    return round(100.0 * min(1.0, max(0.0, cosine)), 1)


def compare(a: ArrayLike, b: ArrayLike) -> Similarity:
    """Compare two (d,) feature vectors; see `Similarity` for units and ranges."""
    cosine = cosine_similarity(a, b)
    return Similarity(cosine, euclidean_from_cosine(cosine), similarity_score(cosine))


def similarity_matrix(vectors: ArrayLike) -> Float32:
    """Cosines of every pair of rows: (n, d) → (n, n) float32 by one BLAS call.

    Exactly symmetric, exactly 1 on the diagonal, every entry in [-1, 1]. n may be 0 or 1.
    """
    rows = np.asarray(vectors)
    if rows.ndim != 2:
        raise ValueError(f"expected (n, d) vectors, got shape {rows.shape}")
    if rows.shape[0] == 0:
        return np.zeros((0, 0), dtype=np.float32)
    unit = unit_rows(rows)
    product = unit @ unit.T
    # Not every BLAS takes the symmetric routine here, so one triangle is mirrored onto the other.
    upper: Float32 = np.triu(product, 1)
    matrix: Float32 = upper + upper.T
    np.clip(matrix, -1.0, 1.0, out=matrix)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def cosines_to(query: ArrayLike, candidates: ArrayLike) -> Float32:
    """Cosines of a (d,) query with each row of (n, d) candidates: (n,) float32 in [-1, 1]."""
    rows = np.asarray(candidates)
    if rows.ndim != 2 or rows.shape[1:] != np.shape(query):
        raise ValueError(f"cannot compare a query of shape {np.shape(query)} with {rows.shape}")
    if rows.shape[0] == 0:
        return np.zeros(0, dtype=np.float32)
    return np.asarray(np.clip(unit_rows(rows) @ unit_rows(query), -1.0, 1.0), dtype=np.float32)


def rank(query: ArrayLike, candidates: ArrayLike, limit: int | None = None) -> list[Ranked]:
    """Candidates from most to least similar; equal cosines keep the candidates' order.

    query (d,), candidates (n, d); answers at most `limit` entries, all n when it is None.
    """
    cosines = cosines_to(query, candidates)
    order = np.argsort(-cosines, kind="stable")
    return [Ranked(int(i), float(cosines[i])) for i in order[:limit]]
