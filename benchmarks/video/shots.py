"""One shot as pictures over time: real footage, or a photograph that the camera moves over, subjects in front."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from benchmarks.video.sources import Clip, Photograph, Picture, footage, photograph
from numpy.typing import NDArray

Random = np.random.Generator


class Shot(Protocol):
    """A shot of any length: ``picture(t)`` for t = 0, 1, … in frames."""

    scene: str

    def picture(self, t: int) -> Picture: ...


@dataclass
class Footage:
    """Real footage, cropped to the film's shape, perhaps mirrored, backwards or on every second frame."""

    scene: str
    frames: NDArray[np.uint8]
    size: tuple[int, int]
    window: tuple[int, int, int, int]
    start: int
    step: float
    mirrored: bool

    def picture(self, t: int) -> Picture:
        # Forth and back, so that a short clip fills a long shot without a jump.
        last = len(self.frames) - 1
        place = int(self.start + t * self.step) % (2 * last)
        frame = self.frames[place if place <= last else 2 * last - place]
        left, top, width, height = self.window
        cut = cv2.resize(frame[top : top + height, left : left + width], self.size, interpolation=cv2.INTER_AREA)
        return cut[:, ::-1] if self.mirrored else cut  # type: ignore[return-value]


@dataclass
class Subject:
    """A piece of another photograph that crosses the picture; sizes and speeds in picture widths."""

    picture: Picture
    mask: NDArray[np.float32]
    start: tuple[float, float]
    speed: tuple[float, float]
    bob: float

    def draw(self, canvas: Picture, t: int) -> None:
        height, width = canvas.shape[:2]
        h, w = self.mask.shape
        x = round((self.start[0] + self.speed[0] * t) * width - w / 2)
        y = round((self.start[1] + self.speed[1] * t + self.bob * math.sin(t / 4)) * width - h / 2)
        x0, y0, x1, y1 = max(0, x), max(0, y), min(width, x + w), min(height, y + h)
        if x0 >= x1 or y0 >= y1:
            return
        alpha = self.mask[y0 - y : y1 - y, x0 - x : x1 - x, None]
        piece = self.picture[y0 - y : y1 - y, x0 - x : x1 - x]
        under = canvas[y0:y1, x0:x1]
        canvas[y0:y1, x0:x1] = (under + (piece.astype(np.float32) - under) * alpha).astype(np.uint8)


@dataclass
class Still:
    """A photograph under a moving camera.

    Attributes:
        centre, drift: where the camera looks (0–1 of the photograph) and how far it goes a frame.
        scale, growth: photograph pixels per film pixel, and its factor a frame.
        turn, spin: roll in radians, and its speed.
        shake: amplitude of a hand-held camera, in film widths.
    """

    scene: str
    photo: Picture
    size: tuple[int, int]
    centre: tuple[float, float]
    drift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    growth: float = 1.0
    turn: float = 0.0
    spin: float = 0.0
    shake: float = 0.0
    phase: tuple[float, float, float] = (0.0, 0.0, 0.0)
    subjects: list[Subject] = field(default_factory=list)

    def picture(self, t: int) -> Picture:
        width, height = self.size
        rows, columns = self.photo.shape[:2]
        scale = self.scale * self.growth**t
        angle = self.turn + self.spin * t
        a, b, c = self.phase
        sway_x = self.shake * width * (math.sin(t * 0.9 + a) + 0.7 * math.sin(t * 2.3 + b))
        sway_y = self.shake * width * (math.sin(t * 1.1 + c) + 0.7 * math.sin(t * 1.9 + a))
        x = (self.centre[0] + self.drift[0] * t) * columns
        y = (self.centre[1] + self.drift[1] * t) * rows
        cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
        # From film to photograph, as WARP_INVERSE_MAP takes it.
        u, v = width / 2 + sway_x, height / 2 + sway_y
        matrix = np.array([[cos, -sin, x - cos * u + sin * v], [sin, cos, y - sin * u - cos * v]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        canvas = cv2.warpAffine(self.photo, matrix, self.size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
        for subject in self.subjects:
            subject.draw(canvas, t)  # type: ignore[arg-type]
        return canvas  # type: ignore[return-value]


def of_clip(clip: Clip, size: tuple[int, int], random: Random) -> Footage:
    """Take a clip as a shot: a random window of the film's shape, start, speed and direction."""
    frames = footage(clip)
    rows, columns = frames.shape[1:3]
    shape = size[0] / size[1]
    part = random.uniform(0.6, 1.0)
    width = int(min(columns, rows * shape) * part)
    height = int(width / shape)
    left, top = int(random.integers(0, columns - width + 1)), int(random.integers(0, rows - height + 1))
    step = float(random.choice([1.0, 1.0, 1.0, 0.5, 2.0]))
    start = int(random.integers(0, 2 * len(frames)))
    return Footage(clip.scene, frames, size, (left, top, width, height), start, step, bool(random.random() < 0.5))


def of_photograph(
    photo: Photograph, others: list[Photograph], size: tuple[int, int], frames: int, random: Random
) -> Still:
    """Take a photograph as a shot: camera still, pan, tilt, zoom, roll or hand-held; at times subjects in front."""
    picture = photograph(photo.path)
    rows, columns = picture.shape[:2]
    # Film pixels over photograph pixels such that the whole photograph fits, then closer.
    fit = min(columns / size[0], rows / size[1])
    still = Still(photo.scene, picture, size, (0.5, 0.5), scale=fit * random.uniform(0.45, 0.95))
    still.phase = tuple(random.uniform(0, 6.28, 3))  # type: ignore[assignment]
    free = 1 - still.scale / fit
    still.centre = (0.5 + float(random.uniform(-0.5, 0.5)) * free, 0.5 + float(random.uniform(-0.5, 0.5)) * free)
    kind = random.choice(
        ["still", "pan", "tilt", "zoom", "roll", "hand", "whip"], p=[0.2, 0.2, 0.1, 0.2, 0.05, 0.2, 0.05]
    )
    long = max(frames, 30)
    if kind in ("pan", "tilt", "whip"):
        # A pan crosses up to one and a half picture widths in the shot, a whip as much in half a second.
        span = random.uniform(0.2, 1.5) * random.choice([-1, 1]) * still.scale / fit / (12 if kind == "whip" else long)
        still.drift = (0.0, float(span)) if kind == "tilt" else (float(span), float(span * random.uniform(-0.2, 0.2)))
    elif kind == "zoom":
        still.growth = float(random.uniform(1.3, 2.6) ** (random.choice([-1, 1]) / long))
    elif kind == "roll":
        still.spin = float(random.uniform(-0.8, 0.8) / long)
    if kind == "hand" or random.random() < 0.15:
        still.shake = float(random.uniform(0.002, 0.02))
    if random.random() < 0.45:
        still.subjects = [_subject(others, size, frames, random) for _ in range(int(random.integers(1, 4)))]
    return still


def _subject(others: list[Photograph], size: tuple[int, int], frames: int, random: Random) -> Subject:
    """Cut an ellipse out of another photograph; now and then one as large as the picture and fast."""
    source = photograph(others[int(random.integers(len(others)))].path)
    large = random.random() < 0.25
    width = int(size[0] * (random.uniform(0.5, 1.0) if large else random.uniform(0.1, 0.4)))
    height = int(width * random.uniform(0.7, 1.6))
    piece = cv2.resize(source, (width, height), interpolation=cv2.INTER_AREA)
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    mask = np.clip((1 - np.hypot(xs, ys)) * 12, 0, 1).astype(np.float32)
    # A large one crosses within a third of a second to two seconds, a small one within the shot.
    speed = 1.8 / (random.uniform(8, 50) if large else random.uniform(0.8, 3) * max(frames, 30))
    direction = int(random.choice([-1, 1]))
    meets = random.uniform(0.2, 0.8) * frames if large else random.uniform(0, 1) * frames
    start = (0.5 - direction * speed * meets, float(random.uniform(0.15, 0.45)))
    return Subject(piece, mask, start, (direction * speed, 0.0), float(random.uniform(0, 0.01)))  # type: ignore[arg-type]
