"""What makes boundaries hard to see or seems to be one: flashes, grain, exposure, titles, repeated frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from benchmarks.video.sources import Picture
from numpy.typing import NDArray


@dataclass
class Disturbance:
    """What is done to one shot's frames.

    Attributes:
        gain, offset: brightness and contrast of the grading.
        tint: factor of each channel.
        ramp: change of the gain a frame (a cloud, an iris).
        flicker: standard deviation of the gain from frame to frame.
        flashes: frame of the shot → how far towards white, 0–1.
        grain: standard deviation of the noise, in grey levels.
        title: text, and the frames between which it stands.
    """

    gain: float = 1.0
    offset: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ramp: float = 0.0
    flicker: float = 0.0
    flashes: dict[int, float] = field(default_factory=dict)
    grain: float = 0.0
    title: tuple[str, int, int] | None = None

    def apply(self, picture: Picture, t: int, random: np.random.Generator) -> Picture:
        gain = self.gain * float(np.clip(1 + self.ramp * t, 0.4, 1.6)) * (1 + self.flicker * random.standard_normal())
        out = picture.astype(np.float32) * (np.array(self.tint, np.float32) * np.float32(gain)) + np.float32(
            self.offset
        )
        if t in self.flashes:
            out += (255 - out) * np.float32(self.flashes[t])
        if self.grain:
            out += _grain(random, out.shape[0], out.shape[1])[..., None] * np.float32(self.grain)
        done: Picture = np.clip(out, 0, 255).astype(np.uint8)
        if self.title and self.title[1] <= t < self.title[2]:
            _write(done, self.title[0])
        return done


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(5).standard_normal((1200, 1600)).astype(np.float32)


def _grain(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.float32]:
    """Cut a random window out of one large field of unit noise: far cheaper than drawing each frame."""
    top, left = int(random.integers(1200 - rows)), int(random.integers(1600 - columns))
    return _noise()[top : top + rows, left : left + columns]


def _write(picture: Picture, text: str) -> None:
    rows, columns = picture.shape[:2]
    size = columns / 400
    cv2.rectangle(picture, (0, int(rows * 0.78)), (int(columns * 0.7), int(rows * 0.93)), (20, 20, 90), -1)
    place = (int(columns * 0.04), int(rows * 0.88))
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (250, 250, 250), 1, cv2.LINE_AA)


def drawn(frames: int, random: np.random.Generator) -> Disturbance:
    """Draw what one shot of so many frames suffers; most shots suffer little."""
    found = Disturbance(gain=float(random.uniform(0.75, 1.15)), tint=tuple(random.uniform(0.9, 1.08, 3)))  # type: ignore[arg-type]
    if random.random() < 0.12:
        found.gain *= float(random.uniform(0.2, 0.5))
    if random.random() < 0.35:
        found.grain = float(random.uniform(1, 14))
    if random.random() < 0.15:
        found.ramp = float(random.uniform(-0.012, 0.012))
    if random.random() < 0.1:
        found.flicker = float(random.uniform(0.01, 0.06))
    if random.random() < 0.25 and frames > 20:
        for _ in range(int(random.integers(1, 4))):
            at, long = int(random.integers(4, frames - 4)), int(random.integers(1, 5))
            strength = float(random.uniform(0.25, 0.95))
            found.flashes |= {at + k: strength * (1 - k / (long + 1)) for k in range(long)}
    if random.random() < 0.15:
        start = int(random.integers(0, frames))
        found.title = ("Now: part two" if random.random() < 0.5 else "A. N. Other", start, start + 40)
    return found
