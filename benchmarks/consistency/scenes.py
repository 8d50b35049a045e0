"""Objects of `pybullet_data` from two sides under many lights: nothing but the light differs within a series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from benchmarks.labelled.meshes import NAMED, _bounds
from PIL import Image

SIZE = 256
VERSION = "v1"
LIGHTS = 5
"""The first is the usual one; the others differ in direction, strength, ambience and colour."""
VIEWS = 2
Split = Literal["calibration", "held-out"]


@dataclass(frozen=True)
class Shot:
    """One picture: which object, from which side, under which light."""

    subject: str
    view: int
    light: int
    split: Split
    path: Path


@dataclass(frozen=True)
class Light:
    """Of pybullet's renderer: direction, colour (0–1), ambient and diffuse coefficients."""

    direction: tuple[float, float, float]
    colour: tuple[float, float, float]
    ambient: float
    diffuse: float


def shots(cache: Path, blobs: int) -> list[Shot]:
    """Return every picture of so many blobs and of the named objects, rendering what lacks."""
    folder = cache / f"lights-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"random_urdfs/{n:03d}/{n:03d}.urdf" for n in range(blobs)] + list(NAMED)
    found: list[Shot] = []
    for number, name in enumerate(names):
        flat = name.removesuffix(".urdf").replace("/", "_")
        split: Split = "calibration" if number % 2 else "held-out"
        found += [
            Shot(name, view, light, split, folder / f"{flat}-{view}-{light}.png")
            for view in range(VIEWS)
            for light in range(LIGHTS)
        ]
    _render([shot for shot in found if not shot.path.is_file()])
    return [shot for shot in found if shot.path.is_file()]


def _render(missing: list[Shot]) -> None:
    if not missing:
        return
    import pybullet
    import pybullet_data

    root = Path(pybullet_data.getDataPath())
    client = pybullet.connect(pybullet.DIRECT)
    try:
        for subject in dict.fromkeys(shot.subject for shot in missing):
            if not (root / subject).is_file():
                continue
            body = pybullet.loadURDF(str(root / subject), useFixedBase=True, physicsClientId=client)
            try:
                for shot in missing:
                    if shot.subject == subject:
                        Image.fromarray(_picture(pybullet, client, body, shot)).save(shot.path)
            finally:
                pybullet.removeBody(body, physicsClientId=client)
    finally:
        pybullet.disconnect(client)


def _picture(bullet: object, client: int, body: int, shot: Shot) -> np.ndarray:
    # Seeds belong to object, view and light each, so that a light changes nothing but itself.
    seed = [len(shot.subject), *shot.subject.encode()]
    of_subject, of_light = np.random.default_rng(seed), np.random.default_rng([*seed, 7, shot.light])
    low, high = _bounds(bullet, client, body)
    radius = float(np.linalg.norm(high - low)) / 2
    yaw, pitch = of_subject.uniform(0, 360), of_subject.uniform(-40, -15)
    backdrop = of_subject.uniform(90, 190, 3)
    light = _light(of_light, shot.light)
    view = bullet.computeViewMatrixFromYawPitchRoll(  # type: ignore[attr-defined]
        cameraTargetPosition=((low + high) / 2).tolist(),
        distance=radius / math.sin(math.radians(22)) * (1.0 if shot.view == 0 else 1.15),
        yaw=yaw + 25 * shot.view,
        pitch=pitch,
        roll=0,
        upAxisIndex=2,
    )
    projection = bullet.computeProjectionMatrixFOV(44, 1.0, radius * 0.05, radius * 20)  # type: ignore[attr-defined]
    _, _, colour, _, mask = bullet.getCameraImage(  # type: ignore[attr-defined]
        SIZE,
        SIZE,
        viewMatrix=view,
        projectionMatrix=projection,
        lightDirection=light.direction,
        lightColor=[1, 1, 1],
        lightDistance=radius * 8,
        shadow=0,
        lightAmbientCoeff=light.ambient,
        lightDiffuseCoeff=light.diffuse,
        lightSpecularCoeff=0.05,
        renderer=bullet.ER_TINY_RENDERER,  # type: ignore[attr-defined]
        physicsClientId=client,
    )
    pixels = np.reshape(np.asarray(colour, dtype=np.uint8), (SIZE, SIZE, 4))[:, :, :3]
    covered = np.reshape(np.asarray(mask), (SIZE, SIZE)) >= 0
    # The wall behind is lit by the same lamp.
    level = min(1.0, light.ambient + 0.5 * light.diffuse)
    scene = np.where(covered[:, :, None], pixels.astype(np.float64), backdrop * level)
    return np.clip(scene * np.asarray(light.colour), 0, 255).astype(np.uint8)


def _light(random: np.random.Generator, number: int) -> Light:
    azimuth, height = random.uniform(0, 2 * math.pi), random.uniform(0.2, 1.4)
    direction = (math.cos(azimuth), math.sin(azimuth), height)
    if number == 0:
        return Light(direction, (1.0, 1.0, 1.0), 0.55, 0.45)
    warmth = random.uniform(-1, 1)
    colour = (1.0, 0.9, 1 - 0.5 * warmth) if warmth > 0 else (1 + 0.45 * warmth, 1 + 0.15 * warmth, 1.0)
    return Light(direction, colour, random.uniform(0.12, 0.6), random.uniform(0.25, 0.7))
