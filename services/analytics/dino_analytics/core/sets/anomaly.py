"""How odd a picture's patches are beside those of reference pictures: nearest neighbours in a bank of patches."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

BANK = 40_000
"""Patches that are kept of all reference pictures: 61 MB at 384 numbers each."""
TOP = 0.01
"""Share of a picture's patches that its score is the mean of (AnomalyDINO)."""
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Bank:
    """Reference patches: `patches` float32 (m, d), each of length 1; `owner` int32 (m,), the picture of each."""

    patches: Float32
    owner: NDArray[np.int32]


def quota(pictures: int, patches_each: int, bank: int = BANK) -> int:
    """Patches that each of so many pictures gives, so that the bank never grows beyond its size."""
    return max(1, min(patches_each, bank // max(1, pictures)))


def drawn(patches: Float32, wanted: int, seed: int) -> Float32:
    """Draw so many of a picture's patches (p, d) at random, the same ones for the same seed."""
    if wanted >= len(patches):
        return patches
    chosen = np.random.default_rng(seed).choice(len(patches), wanted, replace=False)
    return patches[np.sort(chosen)]


def patch_distances(patches: Float32, bank: Bank, *, without: int | None = None) -> Float32:
    """Cosine distance of each patch to its nearest one in the bank, 0–2.

    AnomalyDINO (Damm, Laszkiewicz, Lederer and Fischer, WACV 2025): patches have length 1, the distance is
    1 − cosine.

    Args:
        patches: float32 (p, d), each of length 1.
        bank: with patches of other pictures than `without`.
        without: picture whose own patches do not count.

    Raises:
        ValueError: nothing is left in the bank.
    """
    kept = bank.patches if without is None else bank.patches[bank.owner != without]
    if len(kept) == 0:
        raise ValueError("no reference patch is left")
    best = np.full(len(patches), -1.0, dtype=np.float32)
    for start in range(0, len(kept), _BLOCK):
        np.maximum(best, (patches @ kept[start : start + _BLOCK].T).max(axis=1), out=best)
    return np.asarray(np.clip(1.0 - best, 0.0, 2.0), dtype=np.float32)


def image_score(distances: Float32) -> float:
    """Mean of the largest 1 % of the patches' distances, at least of one patch."""
    count = max(1, round(TOP * distances.size))
    return float(np.sort(distances.ravel())[-count:].mean())


def threshold_of(scores: NDArray[np.float64], false_alarm_rate: float) -> float:
    """Score above which a picture is odd, from scores of proper pictures, each held against the others.

    The larger of the empirical quantile at 1 − rate and a normal one with the median as mean and 1.4826 times the
    median absolute deviation as standard deviation (Rousseeuw and Croux, JASA 88, 1993), which neither the few odd
    pictures of a mixed set nor their number move by much. Where the set is small the empirical quantile would be an
    odd picture's own score, so it is taken only where the rate is that of one picture or more, and of no picture that
    lies six of those deviations out.

    Raises:
        ValueError: less than three scores.
    """
    if len(scores) < 3:
        raise ValueError("a threshold needs three scores or more")
    middle = float(np.median(scores))
    spread = 1.4826 * float(np.median(np.abs(scores - middle)))
    spread = max(spread, 0.02 * max(middle, 1e-3))
    normal = middle + NormalDist().inv_cdf(1.0 - false_alarm_rate) * spread
    usual = scores[scores <= middle + 6.0 * spread]
    if len(usual) * false_alarm_rate >= 1.0:
        return max(normal, float(np.quantile(usual, 1.0 - false_alarm_rate)))
    return normal


def odd_region(distances: Float32) -> tuple[float, float, float, float]:
    """Where a picture is oddest: left, top, right and bottom of a box, as shares of its width and height.

    The box around the patches connected to the oddest one that reach the middle between it and the median.

    Args:
        distances: float32 (rows, columns), each of a patch.
    """
    rows, columns = distances.shape
    peak = np.unravel_index(int(distances.argmax()), distances.shape)
    level = 0.5 * (float(distances[peak]) + float(np.median(distances)))
    hot = distances >= level
    seen = {(int(peak[0]), int(peak[1]))}
    waiting = list(seen)
    while waiting:
        row, column = waiting.pop()
        for there in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            inside = 0 <= there[0] < rows and 0 <= there[1] < columns
            if inside and there not in seen and hot[there]:
                seen.add(there)
                waiting.append(there)
    tops, lefts = [r for r, _ in seen], [c for _, c in seen]
    return min(lefts) / columns, min(tops) / rows, (max(lefts) + 1) / columns, (max(tops) + 1) / rows
