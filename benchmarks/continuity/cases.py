"""Pairs of pictures with known truth: what is gone, new or painted over, or nothing but another angle or light."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from benchmarks.continuity.collages import Collage, collage, stamps, view
from benchmarks.continuity.rooms import PAINTS, Camera, Room, Seen, room
from benchmarks.video import sources
from numpy.typing import NDArray

ANGLES = (0, 6, 15, 30)
"""Degrees that the camera goes round a room."""
REFRAMINGS = (0.0, 0.05, 0.12)
"""How far a photograph's corners move, as a share of it."""
_LEAST_PIXELS = 900
_LEAST_SEEN = 0.7
_LEAST_PAINT = 0.45
"""Between two paints, of the red, green and blue from 0 to 1."""
_PAPERS = Path("var/bench/continuity/papers")


@dataclass(frozen=True)
class Case:
    """Two pictures and what differs.

    Attributes:
        scene: ``room-7``; pairs of one scene share it.
        source: rooms or photographs.
        kind: same, light, vanished, appeared or recoloured.
        change: degrees, or share of the corners' way.
        first, second: uint8 (h, w, 3).
        masks: of the changed thing in each picture; empty where it is not to be seen.
    """

    scene: str
    source: str
    kind: str
    change: float
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]


def cases(half: str, scenes: range) -> Iterator[Case]:
    """Yield the pairs of a half, ``tuning`` or ``held-out``: no photograph, mesh or stamp is in both."""
    papers = _papers("training" if half == "tuning" else "held-out")
    cut_outs = stamps()[0 if half == "tuning" else 1 :: 2]
    meshes = range(500) if half == "tuning" else range(500, 1000)
    for number in scenes:
        yield from _of_room(number, half, papers, meshes)
        yield from _of_collage(number, half, papers, cut_outs)


def _papers(split: str) -> list[Path]:
    found = []
    for photograph in sources.photographs(split):
        path = _PAPERS / split / f"{photograph.scene}.png"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = cv2.resize(sources.photograph(photograph.path), (512, 512), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        found.append(path)
    return found


def _of_room(number: int, half: str, papers: list[Path], meshes: range) -> Iterator[Case]:
    random = np.random.default_rng([31, number, len(half)])
    name = f"{half}-room-{number}"
    with room(1000 * len(half) + number, papers, meshes, int(random.integers(3, 6))) as place:
        start = Camera(float(random.uniform(-75, -15)))
        before = place.look(start)
        lit = place.look(start, brightness=float(random.uniform(0.7, 0.85)), turned=float(random.uniform(-0.5, 0.5)))
        yield _unchanged(name, "rooms", "light", 0, before, _toned(lit, random))
        for angle in ANGLES:
            camera = _moved(start, angle, random)
            if angle:
                yield _unchanged(name, "rooms", "same", angle, before, place.look(camera))
            yield from _changed_rooms(place, name, camera, angle, before, random)


def _changed_rooms(
    place: Room, name: str, camera: Camera, angle: int, before: Seen, random: np.random.Generator
) -> Iterator[Case]:
    after = place.look(camera)
    seen = _seen_in_both(before, after)
    if not seen:
        return
    gone = int(random.choice(seen))
    place.hide(gone)
    yield _one_missing(name, "rooms", angle, before, place.look(camera), gone, turned=random.random() < 0.5)
    place.show(gone)
    painted = int(random.choice(seen))
    old = place.things[painted].paint
    others = [paint for paint in PAINTS if math.dist(paint, old) > _LEAST_PAINT]
    place.paint(painted, others[int(random.integers(len(others)))])
    yield _recoloured(name, "rooms", angle, before, place.look(camera), painted)
    place.paint(painted, old)


def _of_collage(number: int, half: str, papers: list[Path], cut_outs: list[Path]) -> Iterator[Case]:
    random = np.random.default_rng([37, number, len(half)])
    name = f"{half}-photograph-{number}"
    scene: Collage = collage(random, papers, cut_outs)
    straight = np.eye(3)
    before = scene.seen(straight)
    yield _unchanged(name, "photographs", "light", 0, before, _toned(before, random))
    for strength in REFRAMINGS:
        warp = view(random, strength) if strength else straight
        after = scene.seen(warp)
        if strength:
            yield _unchanged(name, "photographs", "same", strength, before, after)
        seen = _seen_in_both(before, after)
        if not seen:
            continue
        gone = int(random.choice(seen))
        without = scene.seen(warp, leave_out=gone)
        yield _one_missing(name, "photographs", strength, before, without, gone, turned=random.random() < 0.5)
        painted = int(random.choice(seen))
        other = scene.seen(warp, paint=(painted, float(random.uniform(0.25, 0.75))))
        yield _recoloured(name, "photographs", strength, before, other, painted)


def _seen_in_both(before: Seen, after: Seen) -> list[int]:
    areas = {number: int(mask.sum()) for number, mask in before.masks.items()}
    return [n for n, area in areas.items() if area > _LEAST_PIXELS and after.masks[n].sum() > _LEAST_SEEN * area]


def _moved(start: Camera, angle: int, random: np.random.Generator) -> Camera:
    if not angle:
        return start
    side = 1 if random.random() < 0.5 else -1
    return Camera(
        start.yaw + side * angle,
        start.pitch + float(random.uniform(-3, 3)),
        start.distance * float(random.uniform(0.92, 1.08)),
    )


def _toned(seen: Seen, random: np.random.Generator) -> Seen:
    """Another exposure, contrast and white balance."""
    gains = random.uniform(0.85, 1.12, 3) * random.uniform(0.75, 1.1)
    bent = 255 * np.power(seen.pixels / 255.0, random.uniform(0.85, 1.2)) * gains
    return Seen(np.clip(bent, 0, 255).astype(np.uint8), seen.masks)


def _unchanged(scene: str, source: str, kind: str, change: float, before: Seen, after: Seen) -> Case:
    nothing = np.zeros(before.pixels.shape[:2], bool)
    return Case(scene, source, kind, change, before.pixels, after.pixels, (nothing, nothing))


def _one_missing(
    scene: str, source: str, change: float, before: Seen, after: Seen, number: int, *, turned: bool
) -> Case:
    """Something that was there is not; with ``turned`` the pictures change places, and it appears."""
    nothing = np.zeros(before.pixels.shape[:2], bool)
    mask = before.masks[number]
    if turned:
        return Case(scene, source, "appeared", change, after.pixels, before.pixels, (nothing, mask))
    return Case(scene, source, "vanished", change, before.pixels, after.pixels, (mask, nothing))


def _recoloured(scene: str, source: str, change: float, before: Seen, after: Seen, number: int) -> Case:
    masks = (before.masks[number], after.masks[number])
    return Case(scene, source, "recoloured", change, before.pixels, after.pixels, masks)
