"""For every cell of a picture: how strongly it speaks for a change against the other picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.continuity.alignment import Alignment, centres
from dino_analytics.core.continuity.light import Light, fitted_light, lab

_SURE, _UNSURE = 2, 4
"""Cells around the place that a plane predicts in which the counterpart is looked for."""
_RIVAL = 0.25
"""A plane counts where it has this share of the support that the best one has there."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each cell of a picture finds in the other one; arrays of (rows, columns).

    Attributes:
        cosine: float32, of the most alike cell where it should be.
        colour_near: float32 ΔE (CIE76, light taken out) to the nearest colour where it should be.
        colour_match: float32 ΔE to the colour of the most alike cell and its neighbours.
        there: float32 (rows, columns, 2), shares: middle of the most alike cell.
        predicted: float32 (rows, columns, 2), shares: where it should be.
        comparable: bool; False where it has left the other picture, or no plane says where it went.
    """

    cosine: NDArray[np.float32]
    colour_near: NDArray[np.float32]
    colour_match: NDArray[np.float32]
    there: NDArray[np.float32]
    predicted: NDArray[np.float32]
    comparable: NDArray[np.bool_]


def light_between(
    grids: tuple[NDArray[np.float32], NDArray[np.float32]],
    colours: tuple[NDArray[np.float32], NDArray[np.float32]],
    alignment: Alignment,
) -> Light:
    """Fit the light from the first picture to the second over cells whose counterparts are the surest half."""
    window, _, comparable = _windows(grids[0].shape[:2], grids[1].shape[:2], alignment)
    cosines = _cosines(*grids)
    masked = np.where(window, cosines, -1.0)
    best, place = masked.max(1), masked.argmax(1)
    usable = comparable & (best > -1)
    if not usable.any():
        return fitted_light(np.zeros((0, 3)), np.zeros((0, 3)))
    kept = usable & (best >= np.median(best[usable]))
    return fitted_light(colours[0].reshape(-1, 3)[kept], colours[1].reshape(-1, 3)[place[kept]])


def evidence(
    grids: tuple[NDArray[np.float32], NDArray[np.float32]],
    colours: tuple[NDArray[np.float32], NDArray[np.float32]],
    alignment: Alignment,
    light: Light,
) -> Evidence:
    """Look in the second picture for each cell of the first.

    Args:
        grids: unit features (rows, columns, d) of each.
        colours: of the same cells, (rows, columns, 3), 0–255.
        alignment: of the first onto the second.
        light: of the first to the second.
    """
    shape = grids[0].shape[:2]
    window, predicted, comparable = _windows(shape, grids[1].shape[:2], alignment)
    cosines = _cosines(*grids)
    masked = np.where(window, cosines, -1.0)
    best, place = masked.max(1), masked.argmax(1)
    ours, theirs = lab(light.applied(colours[0])).reshape(-1, 3), lab(colours[1]).reshape(-1, 3)
    apart = np.linalg.norm(ours[:, None] - theirs[None], axis=-1)
    near = np.where(window, apart, np.inf).min(1)
    match = np.where(_neighbours(grids[1].shape[:2])[place], apart, np.inf).min(1)
    comparable &= best > -1
    return Evidence(
        cosine=np.where(comparable, best, 1.0).reshape(shape).astype(np.float32),
        colour_near=np.where(comparable, near, 0.0).reshape(shape).astype(np.float32),
        colour_match=np.where(comparable, match, 0.0).reshape(shape).astype(np.float32),
        there=centres(*grids[1].shape[:2])[place].reshape(*shape, 2),
        predicted=predicted.reshape(*shape, 2),
        comparable=comparable.reshape(shape),
    )


def _cosines(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    return first.reshape(-1, first.shape[2]) @ second.reshape(-1, second.shape[2]).T


def _windows(
    shape: tuple[int, ...], other: tuple[int, ...], alignment: Alignment
) -> tuple[NDArray[np.bool_], NDArray[np.float32], NDArray[np.bool_]]:
    """Which cells of the other picture each cell is compared with, where it should be, and whether it is in sight."""
    here, there = centres(*shape), centres(*other)
    count = len(here)
    window = np.zeros((count, len(there)), bool)
    if not len(alignment.planes):
        return window, here.copy(), np.zeros(count, bool)
    places, support = alignment.predicted(here)
    best = support.argmax(0)
    own = np.arange(count)
    # The less the planes explain, the farther things may lie from where they put them: depth that is no plane.
    reach = _SURE + (_UNSURE - _SURE) * np.clip((0.9 - alignment.agreement) / 0.4, 0, 1)
    step = np.array([(reach + 0.5) / other[1], (reach + 0.5) / other[0]], np.float32)
    for number in range(len(places)):
        rival = support[number] >= _RIVAL * support[best, own]
        window |= (np.abs(places[number][:, None] - there[None]) <= step).all(-1) & rival[:, None]
    predicted = places[best, own]
    margin = 0.25 / np.array([other[1], other[0]], np.float32)
    inside = ((predicted > margin) & (predicted < 1 - margin)).all(1)
    return window, predicted, inside & (support[best, own] > 1e-4)


def _neighbours(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    down, across = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    return (np.abs(down[:, None] - down[None]) <= 1) & (np.abs(across[:, None] - across[None]) <= 1)
