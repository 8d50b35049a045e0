"""Known warps of photographs: where each point of the first picture lies in the second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image

SIDE = 512
PHOTOGRAPHS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "rocket.jpg",
)


@dataclass(frozen=True)
class Warp:
    """A pair of pictures uint8 (SIDE, SIDE, 3); ``matrix`` 3 × 3 maps pixels of the first to the second."""

    photograph: str
    kind: str
    first: np.ndarray
    second: np.ndarray
    matrix: np.ndarray


def warps(seed: int = 5) -> list[Warp]:
    """Warp each photograph in six ways, the last with other light and noise."""
    random = np.random.default_rng(seed)
    made = []
    for name in PHOTOGRAPHS:
        first = _square(name)
        for kind in KINDS:
            matrix = _matrix(kind, random)
            second = cv2.warpPerspective(first, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT_101)
            if kind == "light":
                dark = 255.0 * (second / 255.0) ** 1.8 * np.array([1.0, 0.9, 0.75])
                second = np.clip(dark + random.normal(0, 6, second.shape), 0, 255).astype(np.uint8)
            made.append(Warp(Path(name).stem, kind, first, second, matrix))
    return made


KINDS = ("shift", "rotate 15", "rotate 40", "scale", "perspective", "light")


def _matrix(kind: str, random: np.random.Generator) -> np.ndarray:
    middle = SIDE / 2
    to, back = np.eye(3), np.eye(3)
    to[:2, 2], back[:2, 2] = middle, -middle
    turn = {"rotate 15": 15.0, "rotate 40": 40.0}.get(kind, 0.0) * random.choice([-1, 1])
    scale = random.uniform(0.6, 0.75) if kind == "scale" else 1.0
    angle = np.radians(turn)
    core = np.array(
        [
            [scale * np.cos(angle), -scale * np.sin(angle), 0],
            [scale * np.sin(angle), scale * np.cos(angle), 0],
            [0, 0, 1],
        ]
    )
    if kind in ("shift", "light"):
        core[:2, 2] = random.uniform(-0.15, 0.15, 2) * SIDE
    if kind == "perspective":
        core[:2, :2] += random.uniform(-0.12, 0.12, (2, 2))
        core[2, :2] = random.uniform(-0.25, 0.25, 2) / middle
    return to @ core @ back


def _square(name: str) -> np.ndarray:
    picture = np.asarray(Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB"))
    side = min(picture.shape[:2])
    y, x = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    return cv2.resize(picture[y : y + side, x : x + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
