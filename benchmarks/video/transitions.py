"""How one shot gives way to the next: frame ``i`` of a transition of ``n`` mixed frames, 0 ≤ i < n."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from benchmarks.video.sources import Picture
from numpy.typing import NDArray

# The picture that a transition shows between the pictures of both shots at that moment.
Mix = Callable[[Picture, Picture, float], Picture]


def dissolve(old: Picture, new: Picture, done: float) -> Picture:
    return (old + (new.astype(np.float32) - old) * done).astype(np.uint8)


def through(level: int) -> Mix:
    """Fade out to black (0) or white (255), then in."""

    def mix(old: Picture, new: Picture, done: float) -> Picture:
        shown, part = (old, 1 - 2 * done) if done < 0.5 else (new, 2 * done - 1)
        return (level + (shown.astype(np.float32) - level) * part).astype(np.uint8)

    return mix


def wipe(order: Callable[[NDArray, NDArray], NDArray], soft: float) -> Mix:
    """Uncover the new picture where ``order(x, y)`` (0–1 over the picture) has been passed, with a soft edge."""

    def mix(old: Picture, new: Picture, done: float) -> Picture:
        rows, columns = old.shape[:2]
        ys, xs = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
        edge = max(soft, 1e-3)
        seen = np.clip((done * (1 + edge) - order(xs, ys)) / edge, 0, 1)[..., None].astype(np.float32)
        return (old + (new.astype(np.float32) - old) * seen).astype(np.uint8)

    return mix


def push(old: Picture, new: Picture, done: float) -> Picture:
    """Slide the old picture out to the left while the new one follows."""
    shift = round(done * old.shape[1])
    return np.concatenate([old[:, shift:], new[:, :shift]], axis=1)


WIPES: dict[str, Callable[[NDArray, NDArray], NDArray]] = {
    "left to right": lambda x, y: x,
    "right to left": lambda x, y: 1 - x,
    "down": lambda x, y: y,
    "up": lambda x, y: 1 - y,
    "diagonal": lambda x, y: (x + y) / 2,
    "iris": lambda x, y: np.hypot(x - 0.5, y - 0.5) / 0.7072,
    "doors": lambda x, y: np.abs(x - 0.5) * 2,
    "clock": lambda x, y: (np.arctan2(y - 0.5, x - 0.5) / (2 * np.pi)) % 1.0,
}


def drawn(kind: str, random: np.random.Generator) -> Mix:
    """Return one transition of a kind: ``dissolve``, ``fade`` or ``wipe``."""
    if kind == "dissolve":
        return dissolve
    if kind == "fade":
        return through(0 if random.random() < 0.8 else 255)
    if random.random() < 0.12:
        return push
    order = WIPES[str(random.choice(list(WIPES)))]
    return wipe(order, float(random.choice([0.0, 0.02, 0.1, 0.25])))
