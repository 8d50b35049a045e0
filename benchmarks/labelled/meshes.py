"""The same 3-D object from many sides: meshes of `pybullet_data`, rendered by its software renderer.

A view has its own direction, distance, light and background, so that nothing but the object is shared.
Pictures are written once into a cache folder and never committed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 320
VERSION = "v1"
NAMED = (
    "duck_vhacd.urdf",
    "r2d2.urdf",
    "soccerball.urdf",
    "teddy_vhacd.urdf",
    "racecar/racecar.urdf",
    "husky/husky.urdf",
    "kuka_iiwa/model.urdf",
    "lego/lego.urdf",
    "jenga/jenga.urdf",
    "table/table.urdf",
    "table_square/table_square.urdf",
    "tray/traybox.urdf",
    "samurai.urdf",
    "cube.urdf",
    "laikago/laikago.urdf",
    "a1/a1.urdf",
    "mini_cheetah/mini_cheetah.urdf",
    "humanoid/humanoid.urdf",
    "franka_panda/panda.urdf",
    "bicycle/bike.urdf",
    "quadruped/minitaur.urdf",
    "objects/mug.urdf",
    "pr2_gripper.urdf",
    "xarm/xarm6_robot.urdf",
    "biped/biped2d_pybullet.urdf",
    "torus/torus.urdf",
)


@dataclass(frozen=True)
class View:
    """One rendered picture of one object; ``blob`` is its number, or −1 for a named object."""

    name: str
    blob: int
    path: Path


def views(cache: Path, *, blobs: int, views_each: int) -> list[View]:
    """Return ``views_each`` pictures of each of ``blobs`` blobs and of the named objects, rendering what lacks."""
    folder = cache / f"meshes-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {f"random_urdfs/{n:03d}/{n:03d}.urdf": n for n in range(blobs)} | dict.fromkeys(NAMED, -1)
    wanted = {name: [folder / f"{_flat(name)}-{n}.jpg" for n in range(views_each)] for name in numbers}
    missing = {name: paths for name, paths in wanted.items() if not all(path.is_file() for path in paths)}
    if missing:
        _render(missing)
    return [View(name, numbers[name], path) for name, paths in wanted.items() for path in paths if path.is_file()]


def _flat(name: str) -> str:
    return name.removesuffix(".urdf").replace("/", "_")


def _render(missing: dict[str, list[Path]]) -> None:
    import pybullet
    import pybullet_data

    root = Path(pybullet_data.getDataPath())
    client = pybullet.connect(pybullet.DIRECT)
    try:
        for name, paths in missing.items():
            if not (root / name).is_file():
                continue
            # The seed belongs to the object, so that a picture does not depend on which others exist.
            random = np.random.default_rng([len(name), *name.encode()])
            body = pybullet.loadURDF(str(root / name), useFixedBase=True, physicsClientId=client)
            try:
                for path in paths:
                    Image.fromarray(_picture(pybullet, client, body, random)).save(path, quality=92)
            finally:
                pybullet.removeBody(body, physicsClientId=client)
    finally:
        pybullet.disconnect(client)


def _picture(bullet: object, client: int, body: int, random: np.random.Generator) -> np.ndarray:
    low, high = _bounds(bullet, client, body)
    radius = float(np.linalg.norm(high - low)) / 2
    view = bullet.computeViewMatrixFromYawPitchRoll(  # type: ignore[attr-defined]
        cameraTargetPosition=((low + high) / 2).tolist(),
        distance=radius / math.sin(math.radians(22)) * random.uniform(0.85, 1.25),
        yaw=random.uniform(0, 360),
        pitch=random.uniform(-50, -10),
        roll=0,
        upAxisIndex=2,
    )
    projection = bullet.computeProjectionMatrixFOV(44, 1.0, radius * 0.05, radius * 20)  # type: ignore[attr-defined]
    azimuth, height = random.uniform(0, 2 * math.pi), random.uniform(0.3, 1.2)
    _, _, colour, _, mask = bullet.getCameraImage(  # type: ignore[attr-defined]
        SIZE,
        SIZE,
        viewMatrix=view,
        projectionMatrix=projection,
        lightDirection=[math.cos(azimuth), math.sin(azimuth), height],
        lightColor=[1, 1, 1],
        lightDistance=radius * 8,
        shadow=0,
        lightAmbientCoeff=random.uniform(0.4, 0.7),
        lightDiffuseCoeff=random.uniform(0.3, 0.6),
        lightSpecularCoeff=random.uniform(0.0, 0.2),
        renderer=bullet.ER_TINY_RENDERER,  # type: ignore[attr-defined]
        physicsClientId=client,
    )
    pixels = np.reshape(np.asarray(colour, dtype=np.uint8), (SIZE, SIZE, 4))[:, :, :3]
    covered = np.reshape(np.asarray(mask), (SIZE, SIZE)) >= 0
    return np.where(covered[:, :, None], pixels, _background(random))


def _bounds(bullet: object, client: int, body: int) -> tuple[np.ndarray, np.ndarray]:
    links = range(-1, bullet.getNumJoints(body, physicsClientId=client))  # type: ignore[attr-defined]
    boxes = [bullet.getAABB(body, link, physicsClientId=client) for link in links]  # type: ignore[attr-defined]
    low = np.min([box[0] for box in boxes], axis=0)
    high = np.max([box[1] for box in boxes], axis=0)
    return low, high


def _background(random: np.random.Generator) -> np.ndarray:
    """Draw a soft gradient between two dull colours: uint8 (SIZE, SIZE, 3)."""
    first, second = random.uniform(60, 235, (2, 3))
    grey = random.uniform(0.4, 0.9)
    first, second = (grey * colour.mean() + (1 - grey) * colour for colour in (first, second))
    angle = random.uniform(0, 2 * math.pi)
    row, column = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1) - 0.5
    mix = np.clip(0.5 + row * math.sin(angle) + column * math.cos(angle), 0, 1)[:, :, None]
    return ((1 - mix) * first + mix * second).astype(np.uint8)
