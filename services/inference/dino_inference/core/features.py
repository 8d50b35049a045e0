"""From class tokens to features, and back: centring, damping of what changes within a subject, the L2 norm."""

from __future__ import annotations

import numpy as np

_TINY = float(np.finfo(np.float32).tiny)


def finish(class_tokens: np.ndarray, centring: np.ndarray | None, whitening: np.ndarray | None = None) -> np.ndarray:
    """Return features: class tokens moved by the card's statistics, if any, each scaled to length 1.

    Args:
        class_tokens: float (n, dimension).
        centring: float32 (dimension,), the mean vector that is subtracted.
        whitening: float32 (k, dimension), B of ``damping``.

    Returns:
        float32 (n, dimension). A row of zeros stays zeros.
    """
    return scaled(moved(class_tokens, centring, whitening))[0]


def moved(class_tokens: np.ndarray, centring: np.ndarray | None, whitening: np.ndarray | None = None) -> np.ndarray:
    """Return float32 (n, dimension): class tokens less the mean, damped; not yet scaled. Arguments as ``finish``."""
    rows = np.asarray(class_tokens, dtype=np.float32)
    if centring is not None:
        rows = rows - centring
    if whitening is not None:
        rows = rows - (rows @ whitening.T) @ whitening
    return rows


def scaled(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of length 1, float32 (n, dimension), and the lengths that they had, float32 (n,)."""
    lengths = np.linalg.norm(rows, axis=1)
    unit = (rows / np.maximum(lengths, _TINY)[:, None]).astype(np.float32, copy=False)
    return unit, lengths.astype(np.float32, copy=False)


def raw(
    features: np.ndarray, lengths: np.ndarray, centring: np.ndarray | None, whitening: np.ndarray | None = None
) -> np.ndarray:
    """Return the class tokens, float64 (n, dimension), that gave these features of these lengths.

    The inverse of I − BᵀB is I + Bᵀ(I − BBᵀ)⁻¹B (Woodbury).
    """
    rows = features.astype(np.float64) * np.asarray(lengths, np.float64)[:, None]
    if whitening is not None:
        b = whitening.astype(np.float64)
        rows = rows + np.linalg.solve(np.eye(len(b)) - b @ b.T, b @ rows.T).T @ b
    return rows if centring is None else rows + centring


def damping(within: np.ndarray, *, strength: float, rank: int) -> np.ndarray:
    """Return B, float32 (rank, dimension), so that I − BᵀB damps what changes while the subject stays.

    Whitening by the covariance within subjects (within-class covariance normalisation: Hatch, Kajarekar and Stolcke,
    Interspeech 2006), shrunk towards a multiple of the identity, and exact in the ``rank`` strongest directions alone:
    the others, nearly alike after shrinking, share one gain, which is 1 here as features have no scale.

    Args:
        within: covariance within subjects, float (dimension, dimension).
        strength: share of it that is kept in shrinking, 0–1.
        rank: directions that are damped, 1 to dimension − 1.
    """
    values, axes = np.linalg.eigh(np.asarray(within, np.float64))
    values, axes = values[::-1], axes[:, ::-1]
    gains = (strength * values + (1 - strength) * values.mean()) ** -0.5
    gains = np.minimum(gains[:rank] / gains[rank:].mean(), 1.0)
    return (np.sqrt(1 - gains)[:, None] * axes[:, :rank].T).astype(np.float32)
