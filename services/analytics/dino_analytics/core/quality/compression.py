"""Blocks left by JPEG."""

from __future__ import annotations

import math

import numpy as np

from dino_analytics.core.quality.picture import Luma

BLOCK = 8
VISIBLE = 0.25
"""Blockiness at which `compression` reaches 1 − 1/e = 0.63."""
LARGEST_STEP = 24.0
"""Grey levels beyond which a step is an edge of the scene: it counts no further."""
FLOOR = 0.5
"""Grey levels added to the activity, so that rounding in a flat picture is not taken for blocks."""


def blockiness(luma: Luma) -> float:
    """How much larger steps are at the borders of an 8×8 grid than beside them, 0 (none) upwards.

    After Wang, Sheikh and Bovik, "No-reference perceptual quality assessment of JPEG compressed images",
    ICIP 2002: per axis, the difference across a border less the mean of its two neighbour differences,
    averaged over the picture and taken relative to the mean difference. The grid's phase is searched, so a
    cropped picture shows its blocks too. `luma` (h, w) float32 in 0–255 at native resolution.
    """
    return 0.5 * (_along_rows(luma) + _along_rows(luma.T))


def _along_rows(luma: Luma) -> float:
    steps = np.abs(np.diff(luma, axis=1))
    if steps.shape[1] < 2 * BLOCK:
        return 0.0
    beyond = steps[:, 1:-1] - 0.5 * (steps[:, :-2] + steps[:, 2:])
    excess = np.clip(beyond, -LARGEST_STEP, LARGEST_STEP).mean(axis=0, dtype=np.float64)
    phases = np.array([excess[phase::BLOCK].mean() for phase in range(BLOCK)])
    strongest = int(phases.argmax())
    others = np.delete(phases, strongest)
    # Pictures without a grid have a strongest phase too: only what stands out from the others counts.
    return max(0.0, float(phases[strongest] - others.max())) / (float(steps.mean(dtype=np.float64)) + FLOOR)


def compression(luma: Luma) -> float:
    """Compression artefacts 0 (none) to 1 (blocks everywhere): 1 − exp(−blockiness/0.25); higher is worse.

    `luma` (h, w) float32 in 0–255 at native resolution: scaling hides the grid.
    """
    return 1.0 - math.exp(-blockiness(luma) / VISIBLE)
