"""Clips with the name of their move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.video.camera import render
from benchmarks.video.camera.moves import CLASSES, TURNS, Course, course
from benchmarks.video.camera.sources import RESTING, Footage, Grey, footage

RATE = 25.0


@dataclass(frozen=True)
class Clip:
    """Frames (h, w) uint8 with their times and the true name; `direction` for dolly, truck and roll."""

    name: str
    source: str
    frames: list[Grey]
    times: list[float]
    course: Course
    subject: bool


def photographs(
    photos: dict[str, Grey], each: int, hard: bool, seed: int, classes: tuple[str, ...] = CLASSES
) -> Iterator[Clip]:
    """`each` clips of every class over photographs, a moving subject in half of them; `hard` with grain, flicker,
    compression and a little hand shake."""
    names = sorted(photos)
    for label in classes:
        label_number = CLASSES.index(label)
        for number in range(each):
            random = np.random.default_rng([seed, label_number, number, int(hard)])
            seconds = float(random.uniform(1.6, 3.4))
            count = round(seconds * RATE)
            shaken = float(random.uniform(0.0, 0.0008)) if hard and label != "static" else 0.0
            path = course(label, count, seconds, random, shake=shaken)
            chosen = [names[(number * 7 + label_number + k) % len(names)] for k in range(4)]
            pictures = [photos[name] for name in chosen]
            if label in ("dolly", "truck"):
                frames = render.depth_scene(pictures, path, int(random.integers(1 << 30)))
            else:
                frames = [render.far(pictures[0], path, at) for at in range(count)]
            has_subject = number % 2 == 1
            if has_subject:
                frames = _with_subject(frames, pictures[-1], seconds, random)
            noise, flicker, quality = (7.0, 0.03, 30) if hard else (1.5, 0.0, None)
            frames = [render.degrade(frame, noise, flicker, quality, random) for frame in frames]
            yield Clip(label, chosen[0], frames, [at / RATE for at in range(count)], path, has_subject)


def real(media: Path, seed: int, sources: tuple[Footage, ...] = RESTING) -> Iterator[Clip]:
    """Every move that needs no depth, as a crop that moves over footage in which people, leaves and animals move."""
    for clip in sources:
        source_number = RESTING.index(clip)
        whole, times = footage(media, clip)
        for label_number, label in enumerate(TURNS):
            random = np.random.default_rng([seed, source_number, label_number])
            seconds = min(times[-1] - times[0], 4.0)
            count = int(np.searchsorted(times, times[0] + seconds, side="right"))
            path = course(label, count, seconds, random)
            room = 0.35 / max(0.35, float(np.ptp(path.pan)), 1.6 * float(np.ptp(path.tilt)))
            path = Course(*(_centred(part * room) for part in (path.pan, path.tilt)), path.zoom, path.roll, path.track)
            frames = [render.crop(frame, path, at) for at, frame in enumerate(whole[:count])]
            yield Clip(label, clip.name, frames, [time - times[0] for time in times[:count]], path, True)


def _centred(values: np.ndarray) -> np.ndarray:
    return values - 0.5 * (values.max() + values.min())


def _with_subject(frames: list[Grey], photo: Grey, seconds: float, random: np.random.Generator) -> list[Grey]:
    """A cut-out that walks through the picture on its own way, bobbing."""
    mask, size = render.blob(random), float(random.uniform(0.09, 0.17))
    start, speed = random.uniform([-0.35, -0.1], [0.35, 0.1]), random.uniform([-0.15, -0.02], [0.15, 0.02])
    offset, out = random.uniform(0, 200, 2), []
    for at, frame in enumerate(frames):
        time = at / max(len(frames) - 1, 1) * seconds
        x, y = start + speed * time
        out.append(render.subject(frame, photo, mask, (x, y + 0.006 * np.sin(9 * time)), size, offset))
    return out
