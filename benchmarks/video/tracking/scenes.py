"""A cut-out that walks over a photograph: every frame with the true mask of what is seen of it.

``MEDIA/tuxpaint`` holds Debian's stamps, photographs of animals with alpha:

    apt-get download tuxpaint-stamps-default && dpkg -x tuxpaint-stamps-default_*.deb MEDIA/tuxpaint
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 448
FRAMES = 30
HIDDEN = (13, 20)
"""Frames [first, last) in which the object stands wholly behind the occluder or out of the frame."""
STAMPS = Path("tuxpaint/usr/share/tuxpaint/stamps/animals")
OBJECTS = (
    *("birds/rooster", "mammals/cats/tiger", "mammals/equines/zebra", "mammals/elephant", "birds/penguin"),
    *("mammals/bears/bear", "fish/clownfish", "mammals/dogs/fox", "mammals/bovines/cow", "marsupials/koala"),
)


@dataclass(frozen=True)
class Scene:
    """`frames` (n, 448, 448, 3) uint8 RGB, `masks` (n, 448, 448) booleans, `kind` how the object vanishes."""

    name: str
    kind: str
    frames: NDArray[np.uint8]
    masks: NDArray[np.bool_]


def scenes(media: Path, backgrounds: dict[str, NDArray[np.uint8]]) -> Iterator[Scene]:
    """One scene an object: in half of them it goes behind a pillar, in the others out of the frame."""
    names = sorted(backgrounds)
    for index, name in enumerate(OBJECTS):
        random = np.random.default_rng([11, index])
        stamp = cv2.imread(str(media / STAMPS / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        if stamp is None or stamp.ndim != 3 or stamp.shape[2] != 4:
            raise FileNotFoundError(f"no stamp with alpha at {name}")
        rgba = np.asarray(cv2.cvtColor(stamp, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)
        ground = backgrounds[names[(3 * index) % len(names)]]
        pillar = backgrounds[names[(3 * index + 5) % len(names)]]
        kind = "behind a pillar" if index % 2 == 0 else "out of the frame"
        yield Scene(name.rpartition("/")[2], kind, *_filmed(_trimmed(rgba), ground, pillar, kind, random))


def _filmed(
    rgba: NDArray[np.uint8],
    ground: NDArray[np.uint8],
    pillar: NDArray[np.uint8],
    kind: str,
    random: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    size = float(random.uniform(0.26, 0.33))
    grown = float(random.uniform(1.15, 1.45)) ** float(random.choice([-1, 1]))
    height = float(random.uniform(0.42, 0.58))
    drift = random.uniform(-0.08, 0.08, 2)
    frames, masks = [], []
    for at in range(FRAMES):
        time = at / (FRAMES - 1)
        frame = _ground(ground, drift * time)
        now = size * grown**time
        x = _way(at, kind, now)
        y = height + 0.04 * np.sin(2 * np.pi * 1.5 * time)
        frame, mask = _stamped(frame, rgba, x, y, now)
        if kind == "behind a pillar":
            frame, mask = _covered(frame, mask, pillar)
        noise = random.normal(0.0, 3.0, frame.shape)
        frames.append(np.clip(frame + noise, 0, 255).astype(np.uint8))
        masks.append(mask)
    return np.stack(frames), np.stack(masks)


def _way(at: int, kind: str, size: float) -> float:
    """Centre of the object across the frame."""
    first, last = HIDDEN
    if kind == "behind a pillar":
        # In, behind it (it stands at 0.5), and on.
        stops = (0, 0.16), (first, 0.5), (last - 1, 0.5), (FRAMES - 1, 0.84)
    else:
        stops = (0, 0.45), (first, 1.02 + size / 2), (last - 1, 1.02 + size / 2), (FRAMES - 1, 0.55)
    return float(np.interp(at, [a for a, _ in stops], [x for _, x in stops]))


def _covered(
    frame: NDArray[np.float64], mask: NDArray[np.bool_], skin: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    half = round(0.2 * SIZE)
    left, right = SIZE // 2 - half, SIZE // 2 + half
    bar = cv2.resize(
        skin[: skin.shape[0] // 2, : skin.shape[1] // 2], (right - left, SIZE), interpolation=cv2.INTER_AREA
    )
    frame, mask = frame.copy(), mask.copy()
    frame[:, left:right], mask[:, left:right] = bar, False
    return frame, mask


def _ground(photo: NDArray[np.uint8], shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """The photograph, cropped to 0.8 of its shorter side, with a slow pan."""
    side = 0.8 * min(photo.shape[:2])
    centre = photo.shape[1] / 2 + shift[0] * side, photo.shape[0] / 2 + shift[1] * side
    step = side / SIZE
    matrix = np.array([[step, 0, centre[0] - side / 2], [0, step, centre[1] - side / 2]])
    warped = cv2.warpAffine(
        photo, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(warped, dtype=np.float64)


def _stamped(
    frame: NDArray[np.float64], rgba: NDArray[np.uint8], x: float, y: float, size: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scale = size * SIZE / max(rgba.shape[:2])
    source = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgba
    # The resized stamp has whole pixels: the rest of the scale, about 1, is left to the warp.
    across, down = scale * rgba.shape[1] / source.shape[1], scale * rgba.shape[0] / source.shape[0]
    left, top = x * SIZE - across * source.shape[1] / 2, y * SIZE - down * source.shape[0] / 2
    matrix = np.array([[across, 0.0, left], [0.0, down, top]])
    moved = cv2.warpAffine(source, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    alpha = np.asarray(moved, dtype=np.float64)[..., 3:] / 255.0
    return frame * (1 - alpha) + np.asarray(moved, dtype=np.float64)[..., :3] * alpha, alpha[..., 0] > 0.5


def _trimmed(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    down, across = np.nonzero(rgba[..., 3] > 127)
    return np.ascontiguousarray(rgba[down.min() : down.max() + 1, across.min() : across.max() + 1])
