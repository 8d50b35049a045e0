"""Cut-outs over real photographs: Debian's stamps, photographs of animals and things with alpha, on a photograph that
is seen again through another frame.

The second picture is warped as a whole by a homography, which is what a small turn of the camera does to a distant
scene; each cut-out is a little nearer and moves on its own besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from benchmarks.continuity.rooms import HEIGHT, WIDTH, Seen
from benchmarks.video.packages import Package, fetched
from numpy.typing import NDArray

STAMPS = Package("tuxpaint-stamps-default", "", True, ("usr/share/tuxpaint/stamps/",))
_FOLDERS = ("animals", "clothes", "food")


@lru_cache(maxsize=1)
def stamps() -> list[Path]:
    """Return the photographed stamps of the first half of the package's pictures, sorted."""
    root = fetched(STAMPS) / STAMPS.wanted[0]
    every = sorted(root.rglob("*.png"))
    half = every[: len(every) // 2]
    return [p for p in half if "cartoon" not in p.parts and p.relative_to(root).parts[0] in _FOLDERS and _usable(p)]


def _usable(path: Path) -> bool:
    rgba = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if rgba is None or rgba.ndim != 3 or rgba.shape[2] != 4 or min(rgba.shape[:2]) < 80:
        return False
    covered = float((rgba[..., 3] > 127).mean())
    return 0.15 < covered < 0.97


@dataclass(frozen=True)
class CutOut:
    """A stamp, RGBA uint8 (h, w, 4), and its centre and height in shares of the picture."""

    rgba: NDArray[np.uint8]
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Collage:
    """A photograph uint8 (HEIGHT, WIDTH, 3) with cut-outs on it."""

    ground: NDArray[np.uint8]
    parts: tuple[CutOut, ...]

    def seen(
        self, warp: NDArray[np.float64], leave_out: int | None = None, paint: tuple[int, float] | None = None
    ) -> Seen:
        """Draw it through a homography of pixels.

        Args:
            warp: (3, 3).
            leave_out: number of a cut-out that is not there.
            paint: number of a cut-out and the turn of its hue, 0–1.
        """
        size = (WIDTH, HEIGHT)
        ground = cv2.warpPerspective(self.ground, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        picture = np.asarray(ground, np.float64)
        masks: dict[int, NDArray[np.bool_]] = {}
        for number, part in enumerate(self.parts):
            if number == leave_out:
                masks[number] = np.zeros((HEIGHT, WIDTH), bool)
                continue
            rgba = part.rgba if paint is None or paint[0] != number else _turned(part.rgba, paint[1])
            scale = part.size * HEIGHT / rgba.shape[0]
            put = np.array(
                [
                    [scale, 0, part.x * WIDTH - scale * rgba.shape[1] / 2],
                    [0, scale, part.y * HEIGHT - scale * rgba.shape[0] / 2],
                    [0, 0, 1],
                ]
            )
            layer = cv2.warpPerspective(rgba, warp @ put, size, flags=cv2.INTER_AREA).astype(np.float64)
            alpha = layer[..., 3:] / 255
            picture = picture * (1 - alpha) + layer[..., :3] * alpha
            for other in masks:
                masks[other] &= alpha[..., 0] < 0.5
            masks[number] = alpha[..., 0] > 0.5
        return Seen(np.clip(picture, 0, 255).astype(np.uint8), masks)


def collage(random: np.random.Generator, photographs: list[Path], cut_outs: list[Path]) -> Collage:
    """Put two to four stamps on a photograph, apart from each other."""
    picture = cv2.imread(str(photographs[int(random.integers(len(photographs)))]), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit("a photograph cannot be read")
    ground = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    parts: list[CutOut] = []
    wanted = int(random.integers(2, 5))
    while len(parts) < wanted:
        x, y = random.uniform((0.15, 0.25), (0.85, 0.8))
        if any(abs(x - p.x) < 0.22 and abs(y - p.y) < 0.28 for p in parts):
            wanted -= int(random.random() < 0.1)
            continue
        path = cut_outs[int(random.integers(len(cut_outs)))]
        rgba = cv2.cvtColor(np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)), cv2.COLOR_BGRA2RGBA)
        parts.append(CutOut(np.asarray(rgba, np.uint8), float(x), float(y), float(random.uniform(0.2, 0.36))))
    return Collage(np.asarray(ground, np.uint8), tuple(parts))


def view(random: np.random.Generator, strength: float) -> NDArray[np.float64]:
    """Return a homography that moves the corners by up to ``strength`` of the picture, and zooms by as much."""
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    jitter = random.uniform(-strength, strength, (4, 2)) * (WIDTH, HEIGHT) * 0.6
    shift = random.uniform(-strength, strength, 2) * (WIDTH, HEIGHT) * 0.7
    zoom = 1 + random.uniform(-0.3, 1.0) * strength
    middle = corners.mean(0)
    moved = (corners - middle) * zoom + middle + shift + jitter
    return np.asarray(cv2.getPerspectiveTransform(corners, moved.astype(np.float32)), np.float64)


def _turned(rgba: NDArray[np.uint8], turn: float) -> NDArray[np.uint8]:
    """Paint a stamp another colour: its hue turned and made strong, its light and shade kept."""
    hls = cv2.cvtColor(rgba[..., :3], cv2.COLOR_RGB2HLS)
    hls[..., 0] = ((hls[..., 0].astype(int) + round(turn * 180)) % 180).astype(np.uint8)
    hls[..., 2] = np.maximum(hls[..., 2], 130)
    hls[..., 1] = np.clip(hls[..., 1], 40, 200)
    return np.dstack([cv2.cvtColor(hls, cv2.COLOR_HLS2RGB), rgba[..., 3]]).astype(np.uint8, copy=False)
