"""What a frame is like beside its neighbours: numbers that a boundary of each kind leaves a trace in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dino_video.core.shots.signature import Floats, coarse, gradients, luma, palette, structure

# Frames back that a frame is compared with, and frames to both sides between which it may be a mixture.
LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48)
SPANS = (3, 6, 10, 16, 26, 40)
REACH = max(*LAGS, *SPANS)
_SHIFTED_LAGS = (1, 2, 4)
_MATCHED_LAGS = (1, 2)
_SHIFTS = (-5, -3, -1, 0, 1, 3, 5)
# Sums a row of 48 pixels into four parts.
_QUARTERS = np.kron(np.eye(4, dtype=np.float32), np.ones((12, 1), np.float32)) / np.float32(108)
COUNT = 4 * len(LAGS) + len(_SHIFTED_LAGS) + 4 * len(_MATCHED_LAGS) + 5 * len(SPANS) + 7


def features(thumbnails: NDArray[np.uint8]) -> Floats:
    """Return [n - 2·REACH, COUNT] numbers for the inner frames of [n, 27, 48, 3] thumbnails.

    Columns: distance to earlier frames in structure, coarse picture, palette and gradients at each lag; distance
    after the best common shift; after the best shift of each of 12 parts; how a frame lies between the frames
    at both sides (as a dissolve or fade, as a wipe); brightness, contrast, saturation, detail, black and white.
    """
    n = len(thumbnails) - 2 * REACH
    here = np.arange(REACH, REACH + n)
    brightness = luma(thumbnails)
    cells = coarse(thumbnails)
    shape = structure(brightness)
    flat = cells.reshape(len(cells), -1)
    directions, detail = gradients(brightness)
    described = (shape, structure(flat), palette(thumbnails), directions)
    columns = [_apart(rows[here], rows[here - lag]) for rows in described for lag in LAGS]
    columns += _shifted(shape, here)
    columns += _matched(shape, here)
    for span in SPANS:
        columns += _between(cells, here, span)
    columns += _plain(thumbnails, brightness, detail, here)
    return np.stack(columns, axis=1).astype(np.float32)


def _apart(a: Floats, b: Floats) -> Floats:
    """Return √(1 − cosine) of unit rows: the root spreads what is nearly alike."""
    return np.sqrt(np.clip(1 - np.einsum("nd,nd->n", a, b), 0, 2))


def _shifted(shape: Floats, here: NDArray[np.int64]) -> list[Floats]:
    """Return the distance after the best common shift (circular, up to 8 pixels): a pan is no boundary."""
    spectrum = np.fft.rfft2(shape.reshape(-1, 27, 48), axes=(1, 2))
    found = []
    for lag in _SHIFTED_LAGS:
        match = np.fft.irfft2(spectrum[here] * spectrum[here - lag].conj(), s=(27, 48), axes=(1, 2))
        near = np.concatenate([match[:, :5], match[:, -4:]], axis=1)
        near = np.concatenate([near[:, :, :9], near[:, :, -8:]], axis=2)
        found.append(np.sqrt(np.clip(1 - near.max(axis=(1, 2)), 0, 2)).astype(np.float32))
    return found


def _matched(shape: Floats, here: NDArray[np.int64]) -> list[Floats]:
    """Return quantiles over 12 parts of what is left after each part's best shift: a subject moves in few of them."""
    pictures = shape.reshape(-1, 27, 48) * np.float32(36)
    found: list[Floats] = []
    for lag in _MATCHED_LAGS:
        new, old = pictures[here], pictures[here - lag]
        padded = np.pad(old, ((0, 0), (5, 5), (5, 5)), mode="edge")
        best: Floats | None = None
        left = np.empty_like(new)
        for dy in _SHIFTS:
            for dx in _SHIFTS:
                moved = padded[:, 5 + dy : 32 + dy, 5 + dx : 53 + dx]
                np.subtract(new, moved, out=left)
                np.abs(left, out=left)
                parts = (left.reshape(-1, 48) @ _QUARTERS).reshape(-1, 3, 9, 4).sum(axis=2)
                best = parts if best is None else np.minimum(best, parts)
        assert best is not None
        ordered = np.sort(best.reshape(len(new), 12), axis=1)
        found += [ordered[:, 1], ordered[:, 5], ordered[:, 10], ordered.mean(axis=1)]
    return found


def _between(cells: Floats, here: NDArray[np.int64], span: int) -> list[Floats]:
    """Say how a frame lies between those ``span`` before and after it.

    As a mixture (dissolve, fade): how far along the line from one to the other, and how far off it. As a wipe:
    each cell like one of the two, and the share of cells like the later one. Last, how far apart the two are.
    """
    before, now, after = cells[here - span], cells[here], cells[here + span]
    way = (after - before).reshape(len(here), -1)
    step = (now - before).reshape(len(here), -1)
    length = np.einsum("nd,nd->n", way, way)
    safe = np.maximum(length, np.float32(0.05))
    along = np.clip(np.einsum("nd,nd->n", step, way) / safe, -0.5, 1.5)
    off = np.linalg.norm(step - along[:, None] * way, axis=1) / np.sqrt(safe)
    to_old = np.abs(now - before).sum(axis=2)
    to_new = np.abs(now - after).sum(axis=2)
    apart = np.abs(after - before).sum(axis=2).mean(axis=1)
    either = np.minimum(to_old, to_new).mean(axis=1) / np.maximum(apart, 0.03)
    return [along, np.minimum(off, 2), np.minimum(either, 2), (to_new < to_old).mean(axis=1), np.log(apart + 0.01)]


def _plain(thumbnails: NDArray[np.uint8], brightness: Floats, detail: Floats, here: NDArray[np.int64]) -> list[Floats]:
    mean = brightness.mean(axis=(1, 2))
    colours = thumbnails[here]
    saturation = (colours.max(axis=3) - colours.min(axis=3)).mean(axis=(1, 2)) / 255
    return [
        mean[here],
        brightness.std(axis=(1, 2))[here],
        saturation.astype(np.float32),
        detail[here],
        mean[here] - mean[here - 1],
        (brightness[here] < 0.08).mean(axis=(1, 2)),
        (brightness[here] > 0.95).mean(axis=(1, 2)),
    ]
