"""Moves with known names: where the camera is at each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

CLASSES = (
    *("static", "pan_left", "pan_right", "tilt_up", "tilt_down", "zoom_in", "zoom_out"),
    *("dolly", "truck", "roll", "handheld", "mixed"),
)
TURNS = ("static", "pan_left", "pan_right", "tilt_up", "tilt_down", "zoom_in", "zoom_out", "roll", "handheld", "mixed")
"""Moves that a moving crop of footage can show: all but those that need depth."""


@dataclass(frozen=True)
class Course:
    """Camera at each of n frames: `pan`, `tilt` in frame widths (right, up positive), `zoom` log of the scale,
    `roll` radians (camera clockwise), `track` (n, 3) metres right, up, forward."""

    pan: Float
    tilt: Float
    zoom: Float
    roll: Float
    track: Float

    def __len__(self) -> int:
        return len(self.pan)


def course(name: str, frames: int, seconds: float, random: np.random.Generator, shake: float = 0.0) -> Course:
    """A course of the named move; `shake` root mean square of added hand shake in frame widths."""
    ease = _progress(frames, random)
    none = np.zeros(frames)
    pan, tilt, zoom, roll, track = none, none, none, none, np.zeros((frames, 3))
    way = float(random.uniform(0.05, 0.14)) * seconds
    if name.startswith("pan"):
        pan = (1 if name.endswith("right") else -1) * way * ease
    elif name.startswith("tilt"):
        tilt = (1 if name.endswith("up") else -1) * 0.7 * way * ease
    elif name.startswith("zoom"):
        zoom = (1 if name.endswith("in") else -1) * float(random.uniform(0.06, 0.16)) * seconds * ease
    elif name == "roll":
        roll = float(random.choice([-1, 1]) * random.uniform(4, 10)) * np.pi / 180 * seconds * ease
    elif name == "truck":
        track = _tracked(0, float(random.choice([-1, 1]) * random.uniform(0.18, 0.35)) * seconds * ease)
    elif name == "dolly":
        track = _tracked(2, float(random.choice([-1, 1]) * random.uniform(0.14, 0.26)) * seconds * ease)
    elif name == "mixed":
        pan, tilt, zoom = _mixed(ease, way, seconds, random)
    if name == "handheld":
        shake = float(random.uniform(0.003, 0.009))
    if shake:
        pan, tilt = pan + shake * _tremor(frames, seconds, random), tilt + shake * _tremor(frames, seconds, random)
        roll = roll + 0.5 * shake * _tremor(frames, seconds, random)
    return Course(pan, tilt, zoom, roll, track)


def _mixed(ease: Float, way: float, seconds: float, random: np.random.Generator) -> tuple[Float, Float, Float]:
    none = np.zeros(len(ease))
    sign = float(random.choice([-1, 1]))
    first, second = np.clip(2 * ease, 0, 1), np.clip(2 * ease - 1, 0, 1)
    kind = int(random.integers(4))
    if kind == 0:
        return sign * way * ease, float(random.choice([-1, 1])) * 0.9 * way * ease, none
    if kind == 1:
        return sign * way * first, 0.8 * way * second, none
    if kind == 2:
        return sign * way * (first - second), none, none
    return sign * way * first, none, 0.14 * seconds * second * 1.2


def _progress(frames: int, random: np.random.Generator) -> Float:
    """From 0 to 1: evenly, or easing in and out."""
    even = np.linspace(0.0, 1.0, frames)
    return even if random.random() < 0.5 else even * even * (3.0 - 2.0 * even)


def _tracked(axis: int, way: Float) -> Float:
    track = np.zeros((len(way), 3))
    track[:, axis] = way
    return track


def _tremor(frames: int, seconds: float, random: np.random.Generator) -> Float:
    """Hand shake of power 1: five oscillations of 0.6 to 6 Hz, the slower the larger."""
    at = np.linspace(0.0, seconds, frames)
    rates = random.uniform([0.6, 1.2, 2.0, 3.0, 4.5], [1.0, 2.0, 3.0, 4.5, 6.0])
    sizes = 1.0 / np.sqrt(rates)
    phases = random.uniform(0, 2 * np.pi, 5)
    waves = sizes[:, None] * np.sin(2 * np.pi * rates[:, None] * at + phases[:, None])
    return waves.sum(axis=0) / np.sqrt(0.5 * np.square(sizes).sum())
