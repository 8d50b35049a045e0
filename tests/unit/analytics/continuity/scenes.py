"""A photograph with features of a made-up model: what a cell looks like, blurred, and where it is not known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from skimage import data

from dino_analytics.core.continuity.alignment import centres, mapped
from dino_analytics.core.continuity.compare import Look

GRID = 32
_DEPTH = 96


def photograph(name: str = "coffee", size: tuple[int, int] = (512, 384)) -> np.ndarray:
    """uint8 (384, 512, 3)."""
    picture = np.asarray(getattr(data, name)())
    if picture.ndim == 2:
        picture = np.stack([picture] * 3, axis=-1)
    return np.asarray(cv2.resize(picture[..., :3], size, interpolation=cv2.INTER_AREA), np.uint8)


def features(picture: np.ndarray, seed: int = 0) -> np.ndarray:
    """Unit features (GRID, GRID, 96): random waves of each cell's structure, its brightness and colour left out."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    local = grey - cv2.GaussianBlur(grey, (0, 0), 12)
    local /= np.sqrt(cv2.GaussianBlur(local * local, (0, 0), 24)) + 4
    layers = [cv2.GaussianBlur(local, (0, 0), s) for s in (1, 2, 4)]
    layers += [cv2.GaussianBlur(np.abs(cv2.Sobel(local, cv2.CV_32F, *d)), (0, 0), 5) for d in ((1, 0), (0, 1))]
    cells = np.stack([cv2.resize(one, (GRID, GRID), interpolation=cv2.INTER_AREA) for one in layers], axis=-1)
    random = np.random.default_rng(seed)
    waves = np.cos(cells @ (1.2 * random.normal(size=(cells.shape[-1], _DEPTH))) + random.uniform(0, 6.28, _DEPTH))
    # Neighbours share a part, as patches of a transformer do.
    mixed = waves + cv2.GaussianBlur(waves, (0, 0), 1.0)
    return (mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Disc:
    """A striped disc: its middle and radius in pixels of the photograph; ``kind`` names its features."""

    centre: tuple[int, int]
    colour: tuple[int, int, int]
    radius: int = 45
    kind: int = 1


def view(scene: str, *discs: Disc, warp: np.ndarray | None = None, noise: int = 0) -> Look:
    """A photograph with discs on it, through a homography of shares; its features are those of a made-up model.

    Ground has features that change slowly from place to place, a disc those of its kind.
    """
    picture = photograph(scene)
    for disc in discs:
        picture = with_disc(picture, disc.centre, disc.colour, disc.radius)
    height, width = picture.shape[:2]
    shares = np.eye(3) if warp is None else warp
    scale = np.diag([width, height, 1.0])
    pixels = scale @ shares @ np.linalg.inv(scale)
    seen = cv2.warpPerspective(picture, pixels, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    places = mapped(np.asarray(np.linalg.inv(shares), np.float64), centres(GRID, GRID))
    random = np.random.default_rng(7)
    waves = np.cos(places @ random.normal(0, 5, (2, _DEPTH)) + random.uniform(0, 6.28, _DEPTH))
    for disc in discs:
        apart = np.linalg.norm((places - np.array(disc.centre) / (width, height)) * (width, height), axis=1)
        share = np.clip((disc.radius + 6 - apart) / 12, 0, 1)[:, None]
        own = np.random.default_rng(100 + disc.kind).normal(0, 0.8, _DEPTH)
        waves = (1 - share) * waves + share * own
    waves = waves + np.random.default_rng(noise).normal(0, 0.12, waves.shape)
    unit = waves / np.linalg.norm(waves, axis=1, keepdims=True)
    return Look(np.asarray(seen, np.uint8), unit.reshape(GRID, GRID, _DEPTH).astype(np.float32))


def turned(strength: float) -> np.ndarray:
    """A small turn of the camera: a homography of shares."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    moved = corners + strength * np.array([[1, 0.5], [-0.4, 1], [-1, -0.6], [0.5, -0.5]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners, moved), np.float64)


def with_disc(
    picture: np.ndarray, centre: tuple[int, int], colour: tuple[int, int, int], radius: int = 45
) -> np.ndarray:
    """A striped disc on a picture."""
    out = picture.copy()
    cv2.circle(out, centre, radius, colour, -1)
    for step in range(-radius + 10, radius, 18):
        half = int(np.sqrt(radius**2 - step**2))
        cv2.line(out, (centre[0] + step, centre[1] - half), (centre[0] + step, centre[1] + half), (20, 20, 20), 4)
    return out


def warped(picture: np.ndarray, strength: float = 0.04) -> tuple[np.ndarray, np.ndarray]:
    """The picture through a homography, and that homography between shares of width and height."""
    height, width = picture.shape[:2]
    shares = turned(strength)
    scale = np.diag([width, height, 1.0])
    pixels = scale @ shares @ np.linalg.inv(scale)
    return cv2.warpPerspective(picture, pixels, (width, height), borderMode=cv2.BORDER_REFLECT_101), shares


def box_mask(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Cells of a box: bool (GRID, GRID)."""
    mask = np.zeros((GRID, GRID), bool)
    mask[top:bottom, left:right] = True
    return mask
