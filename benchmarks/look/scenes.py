"""Composed scenes: rendered meshes pasted on photographs, with the true mask of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from benchmarks.labelled.meshes import NAMED
from PIL import Image

SIDE = 512
RENDER = 320
EVEN = ("brick.png", "grass.png", "gravel.png", "moon.png", "hubble_deep_field.jpg", "retina.jpg")
BUSY = ("rocket.jpg", "motorcycle_left.png", "motorcycle_right.png", "coffee.png")
"""Photographs whose parts serve as grounds. Busy ones hold things of their own, which are found, too."""


@dataclass(frozen=True)
class Scene:
    """A picture uint8 (SIDE, SIDE, 3) and the visible mask of each pasted object, bool (SIDE, SIDE)."""

    name: str
    picture: np.ndarray
    masks: list[np.ndarray]


@lru_cache(maxsize=1)
def cutouts(views: int = 2) -> list[tuple[np.ndarray, np.ndarray]]:
    """Render the named meshes: pictures uint8 (RENDER, RENDER, 3) with masks bool (RENDER, RENDER)."""
    import pybullet
    import pybullet_data

    root = Path(pybullet_data.getDataPath())
    client = pybullet.connect(pybullet.DIRECT)
    found = []
    try:
        for name in NAMED:
            if not (root / name).is_file():
                continue
            random = np.random.default_rng([11, *name.encode()])
            body = pybullet.loadURDF(str(root / name), useFixedBase=True, physicsClientId=client)
            for _ in range(views):
                picture, mask = _render(pybullet, client, body, random)
                if 0.04 < mask.mean() < 0.9:
                    found.append((picture, mask))
            pybullet.removeBody(body, physicsClientId=client)
    finally:
        pybullet.disconnect(client)
    return found


def scenes(count: int, objects: int, grounds: tuple[str, ...], *, seed: int = 1) -> list[Scene]:
    """Compose scenes of so many objects each on parts of these photographs; objects overlap by a quarter at most."""
    random = np.random.default_rng([seed, objects])
    things = cutouts()
    photographs = [_photograph(name) for name in grounds]
    made = []
    for number in range(count):
        picture = _part(photographs[number % len(photographs)], random)
        masks: list[np.ndarray] = []
        while len(masks) < objects:
            thing, mask = things[int(random.integers(len(things)))]
            tall = int(SIDE * random.uniform(0.3, 0.6 if objects == 1 else 0.45))
            placed = _paste(picture, thing, mask, tall, masks, random)
            if placed is not None:
                picture, masks = placed
        made.append(Scene(f"{objects}-{number}", picture, masks))
    return made


def _paste(
    picture: np.ndarray,
    thing: np.ndarray,
    mask: np.ndarray,
    tall: int,
    masks: list[np.ndarray],
    random: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]] | None:
    rows, columns = np.nonzero(mask)
    top, left = rows.min(), columns.min()
    crop = thing[top : rows.max() + 1, left : columns.max() + 1]
    part = mask[top : rows.max() + 1, left : columns.max() + 1]
    scale = tall / max(part.shape)
    size = max(8, round(part.shape[1] * scale)), max(8, round(part.shape[0] * scale))
    crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    part = cv2.resize(part.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    y, x = int(random.integers(0, SIDE - size[1])), int(random.integers(0, SIDE - size[0]))
    whole = np.zeros((SIDE, SIDE), bool)
    whole[y : y + size[1], x : x + size[0]] = part
    if any((whole & other).sum() > 0.25 * other.sum() for other in masks):
        return None
    out = picture.copy()
    out[y : y + size[1], x : x + size[0]][part] = crop[part]
    return out, [*(other & ~whole for other in masks), whole]


def _photograph(name: str) -> np.ndarray:
    return np.asarray(Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB"))


def _part(photograph: np.ndarray, random: np.random.Generator) -> np.ndarray:
    side = int(min(photograph.shape[:2]) * random.uniform(0.5, 1.0))
    y = int(random.integers(0, photograph.shape[0] - side + 1))
    x = int(random.integers(0, photograph.shape[1] - side + 1))
    return cv2.resize(photograph[y : y + side, x : x + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _render(bullet: object, client: int, body: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    links = range(-1, bullet.getNumJoints(body, physicsClientId=client))  # type: ignore[attr-defined]
    boxes = [bullet.getAABB(body, link, physicsClientId=client) for link in links]  # type: ignore[attr-defined]
    low, high = np.min([box[0] for box in boxes], axis=0), np.max([box[1] for box in boxes], axis=0)
    radius = float(np.linalg.norm(high - low)) / 2
    view = bullet.computeViewMatrixFromYawPitchRoll(  # type: ignore[attr-defined]
        cameraTargetPosition=((low + high) / 2).tolist(),
        distance=radius / math.sin(math.radians(22)),
        yaw=random.uniform(0, 360),
        pitch=random.uniform(-40, -10),
        roll=0,
        upAxisIndex=2,
    )
    projection = bullet.computeProjectionMatrixFOV(44, 1.0, radius * 0.05, radius * 20)  # type: ignore[attr-defined]
    azimuth = random.uniform(0, 2 * math.pi)
    _, _, colour, _, mask = bullet.getCameraImage(  # type: ignore[attr-defined]
        RENDER,
        RENDER,
        viewMatrix=view,
        projectionMatrix=projection,
        lightDirection=[math.cos(azimuth), math.sin(azimuth), random.uniform(0.4, 1.2)],
        lightDistance=radius * 8,
        shadow=0,
        lightAmbientCoeff=0.55,
        lightDiffuseCoeff=0.45,
        renderer=bullet.ER_TINY_RENDERER,  # type: ignore[attr-defined]
        physicsClientId=client,
    )
    pixels = np.reshape(np.asarray(colour, dtype=np.uint8), (RENDER, RENDER, 4))[:, :, :3]
    return pixels, np.reshape(np.asarray(mask), (RENDER, RENDER)) >= 0
