"""Rooms with things in them, seen by two cameras: meshes of ``pybullet_data``, drawn by its software renderer.

Floor and walls carry photographs. Between the two pictures the camera goes round the room by a known angle, and
at most one thing is taken away, put in, or painted another colour; its true outline is the renderer's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 512, 384
PAINTS = (
    *((0.8, 0.1, 0.1), (0.1, 0.55, 0.15), (0.12, 0.25, 0.8), (0.9, 0.75, 0.1), (0.6, 0.15, 0.6), (0.9, 0.9, 0.9)),
    *((0.45, 0.35, 0.25), (0.5, 0.5, 0.5), (0.3, 0.25, 0.2), (0.68, 0.62, 0.52), (0.35, 0.4, 0.45), (0.15, 0.15, 0.15)),
)
"""Strong colours and dull ones, which are much like a photograph's own."""
NAMED = (
    *("duck_vhacd.urdf", "teddy_vhacd.urdf", "r2d2.urdf"),
    *("racecar/racecar.urdf", "soccerball.urdf", "lego/lego.urdf"),
)
_HALF = 3.2


@dataclass(frozen=True)
class Seen:
    """One picture uint8 (height, width, 3) and the true mask of every thing in it, by its number in the room."""

    pixels: NDArray[np.uint8]
    masks: dict[int, NDArray[np.bool_]]


@dataclass(frozen=True)
class Camera:
    """Where the room is photographed from: degrees about its middle and from above, metres away."""

    yaw: float
    pitch: float = -22.0
    distance: float = 3.4


@dataclass
class Thing:
    """A mesh in the room."""

    body: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    place: tuple[float, float]
    paint: tuple[float, float, float] = (0.5, 0.5, 0.5)


@dataclass
class Room:
    """A room to photograph; positions in metres, angles in degrees."""

    bullet: Any
    client: int
    light: float
    things: list[Thing] = field(default_factory=list)

    def look(self, camera: Camera, *, brightness: float = 1.0, turned: float = 0.0) -> Seen:
        """Photograph the room; ``turned`` is how far its lamp has moved, in radians."""
        view = self.bullet.computeViewMatrixFromYawPitchRoll(
            cameraTargetPosition=[0, 0, 0.35],
            distance=camera.distance,
            yaw=camera.yaw,
            pitch=camera.pitch,
            roll=0,
            upAxisIndex=2,
        )
        projection = self.bullet.computeProjectionMatrixFOV(46, WIDTH / HEIGHT, 0.05, 30)
        _, _, colour, _, mask = self.bullet.getCameraImage(
            WIDTH,
            HEIGHT,
            viewMatrix=view,
            projectionMatrix=projection,
            lightDirection=[math.cos(self.light + turned), math.sin(self.light + turned), 1.6],
            lightColor=[1, 1, 1],
            lightDistance=8,
            shadow=1,
            lightAmbientCoeff=0.55 * brightness,
            lightDiffuseCoeff=0.5 * brightness,
            lightSpecularCoeff=0.05,
            renderer=self.bullet.ER_TINY_RENDERER,
            physicsClientId=self.client,
        )
        pixels = np.reshape(np.asarray(colour, dtype=np.uint8), (HEIGHT, WIDTH, 4))[:, :, :3]
        seen = np.reshape(np.asarray(mask), (HEIGHT, WIDTH))
        masks = {number: seen == thing.body for number, thing in enumerate(self.things)}
        return Seen(np.ascontiguousarray(pixels), masks)

    def hide(self, number: int) -> None:
        """Take a thing out of every camera's sight."""
        self.bullet.resetBasePositionAndOrientation(
            self.things[number].body, [0, 0, -50], [0, 0, 0, 1], physicsClientId=self.client
        )

    def show(self, number: int) -> None:
        """Put a thing where it belongs."""
        thing = self.things[number]
        self.bullet.resetBasePositionAndOrientation(
            thing.body, [*thing.place, -float(thing.low[2])], [0, 0, 0, 1], physicsClientId=self.client
        )

    def paint(self, number: int, colour: tuple[float, float, float]) -> None:
        """Give a thing one colour."""
        body = self.things[number].body
        for link in range(-1, self.bullet.getNumJoints(body, physicsClientId=self.client)):
            self.bullet.changeVisualShape(body, link, rgbaColor=[*colour, 1], physicsClientId=self.client)


@contextmanager
def _client() -> Iterator[tuple[Any, int]]:
    import pybullet

    client = pybullet.connect(pybullet.DIRECT)
    try:
        yield pybullet, client
    finally:
        pybullet.disconnect(client)


@contextmanager
def room(seed: int, photographs: list[Path], meshes: range, things: int = 4) -> Iterator[Room]:
    """Build a room: photographs on floor and walls, ``things`` meshes that stand apart from each other.

    Args:
        seed: of everything that is chosen.
        photographs: PNG files.
        meshes: numbers of the blobs to choose from, of 1000; the named ones are added.
        things: how many.
    """
    import pybullet_data

    root = Path(pybullet_data.getDataPath())
    random = np.random.default_rng([29, seed])
    with _client() as (bullet, client):
        found = Room(bullet, client, float(random.uniform(-0.6, 0.9)))
        papers = random.choice(len(photographs), size=3, replace=False)
        _walls(bullet, client, [photographs[number] for number in papers])
        spots = _spots(random, things)
        for spot in spots:
            name = (
                str(random.choice(NAMED))
                if random.random() < 0.35
                else "random_urdfs/{0:03d}/{0:03d}.urdf".format(int(random.choice(meshes)))
            )
            found.things.append(_thing(bullet, client, root / name, spot, float(random.uniform(0.5, 0.85))))
            number = len(found.things) - 1
            paint = PAINTS[int(random.integers(len(PAINTS)))]
            found.things[number].paint = paint
            found.paint(number, paint)
            found.show(number)
        yield found


def _spots(random: np.random.Generator, count: int) -> list[tuple[float, float]]:
    spots: list[tuple[float, float]] = []
    while len(spots) < count:
        one = random.uniform(-0.95, 0.95, 2)
        if all(math.dist(one, other) > 0.62 for other in spots):
            spots.append((float(one[0]), float(one[1])))
    return spots


def _thing(
    bullet: Any,
    client: int,
    path: Path,
    spot: tuple[float, float],
    size: float,
) -> Thing:
    body = bullet.loadURDF(str(path), useFixedBase=True, physicsClientId=client)
    low, high = _bounds(bullet, client, body)
    scale = size / float(np.max(high - low))
    bullet.removeBody(body, physicsClientId=client)
    body = bullet.loadURDF(str(path), useFixedBase=True, globalScaling=scale, physicsClientId=client)
    low, high = _bounds(bullet, client, body)
    return Thing(body, low, high, spot)


def _bounds(bullet: Any, client: int, body: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    links = range(-1, bullet.getNumJoints(body, physicsClientId=client))
    boxes = [bullet.getAABB(body, link, physicsClientId=client) for link in links]
    return np.min([box[0] for box in boxes], axis=0), np.max([box[1] for box in boxes], axis=0)


def _walls(bullet: Any, client: int, papers: list[Path]) -> None:
    """Floor and two walls behind, each a textured slab."""
    slabs = (
        ([_HALF, _HALF, 0.02], [0, 0, -0.02]),
        ([_HALF, 0.02, 1.2], [0, _HALF, 1.2]),
        ([0.02, _HALF, 1.2], [_HALF, 0, 1.2]),
    )
    for (half, place), paper in zip(slabs, papers, strict=True):
        shape = bullet.createVisualShape(bullet.GEOM_BOX, halfExtents=half, physicsClientId=client)
        body = bullet.createMultiBody(0, -1, shape, place, physicsClientId=client)
        texture = bullet.loadTexture(str(paper), physicsClientId=client)
        if texture < 0:
            raise ValueError(f"{paper} cannot be a texture")
        bullet.changeVisualShape(body, -1, textureUniqueId=texture, physicsClientId=client)
