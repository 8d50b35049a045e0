"""Where each part of one picture lies in another of the same scene: several planes, for a camera that moved."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""(n, 2): x and y as shares of width and height."""

_PLANES = 4
_FEWEST = 10
_ENOUGH = 45
"""Matches that agree from which the share that they are of all of them counts in full."""
_TOLERANCE = 0.012
"""Of a point from where its plane puts it, as a share of the picture."""
_REACH = 0.12
"""How far a match tells of its surroundings (deviation of a Gaussian), as a share of the picture."""
_KEYPOINTS = 2500
_RATIO = 0.8


@dataclass(frozen=True, slots=True)
class Alignment:
    """Planes that map one picture onto another, and the matches that vouch for each.

    Attributes:
        planes: float64 (n, 3, 3): homographies between shares of width and height; the first explains the most.
        sources: for each plane the matched points of the first picture.
        agreement: share of the matches that some plane explains, 0–1, less where these are few; how sure it is that
            both show one scene.
        matches: how many there were.
    """

    planes: NDArray[np.float64]
    sources: list[Points]
    agreement: float
    matches: int

    def turned(self) -> Alignment:
        """The same from the second picture to the first."""
        inverse = [np.linalg.inv(plane) for plane in self.planes]
        sources = [mapped(plane, known) for plane, known in zip(self.planes, self.sources, strict=True)]
        shapes = np.stack([plane / plane[2, 2] for plane in inverse]) if inverse else self.planes
        return Alignment(shapes, sources, self.agreement, self.matches)

    def predicted(self, points: Points) -> tuple[Points, NDArray[np.float32]]:
        """Say where points of the first picture lie in the second, by each plane, and how near its matches are.

        Returns:
            (planes, n, 2) in shares, outside 0–1 where the point has left the picture; support (planes, n) ≥ 0.
        """
        there = np.empty((len(self.planes), len(points), 2), np.float32)
        support = np.zeros((len(self.planes), len(points)), np.float32)
        for number, (plane, known) in enumerate(zip(self.planes, self.sources, strict=True)):
            there[number] = mapped(plane, points)
            if len(known):
                apart = np.square(points[:, None] - known[None]).sum(-1)
                support[number] = np.exp(-apart / (2 * _REACH**2)).sum(1)
        return there, support


def mapped(plane: NDArray[np.float64], points: Points) -> Points:
    """Points (n, 2) as a homography puts them; far outside where it has none."""
    homogeneous = np.concatenate([points, np.ones((len(points), 1), np.float32)], axis=1) @ plane.T
    depth = homogeneous[:, 2:]
    safe = np.where(depth > 1e-6, depth, 1.0)
    return np.where(depth > 1e-6, homogeneous[:, :2] / safe, -9.0).astype(np.float32)


def keypoint_matches(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[Points, Points]:
    """Match SIFT key points of uint8 (h, w, 3) pictures, unique by Lowe's ratio (IJCV 2004), both ways."""
    sift = cv2.SIFT_create(_KEYPOINTS)  # type: ignore[attr-defined]
    found = [sift.detectAndCompute(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), None) for one in (first, second)]
    empty = np.zeros((0, 2), np.float32)
    if any(descriptors is None or len(descriptors) < 2 for _, descriptors in found):
        return empty, empty
    (keys, ours), (others, theirs) = found
    # Root-SIFT (Arandjelović and Zisserman, CVPR 2012).
    ours, theirs = (np.sqrt(d / np.maximum(d.sum(1, keepdims=True), 1e-6)) for d in (ours, theirs))
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(ours.astype(np.float32), theirs.astype(np.float32), k=2)
    unique = [one for one, other in (p for p in pairs if len(p) == 2) if one.distance < _RATIO * other.distance]
    taken: dict[int, cv2.DMatch] = {}
    for match in unique:
        if match.trainIdx not in taken or match.distance < taken[match.trainIdx].distance:
            taken[match.trainIdx] = match
    here = np.array([keys[m.queryIdx].pt for m in taken.values()], np.float32).reshape(-1, 2)
    there = np.array([others[m.trainIdx].pt for m in taken.values()], np.float32).reshape(-1, 2)
    return here / _extent(first), there / _extent(second)


def _extent(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.array([picture.shape[1], picture.shape[0]], np.float32)


def patch_matches(first: NDArray[np.float32], second: NDArray[np.float32], least: float = 0.6) -> tuple[Points, Points]:
    """Match cells of unit features (rows, columns, d) that are each other's nearest, with cosine ``least`` or more."""
    rows, columns, depth = first.shape
    cosines = first.reshape(-1, depth) @ second.reshape(-1, depth).T
    forth, back = cosines.argmax(1), cosines.argmax(0)
    own = np.arange(len(forth))
    kept = own[(back[forth] == own) & (cosines[own, forth] >= least)]
    return centres(rows, columns)[kept], centres(*second.shape[:2])[forth[kept]]


def centres(rows: int, columns: int) -> Points:
    """Middles of a grid's cells, row by row: (rows · columns, 2) in shares."""
    down, across = np.mgrid[0:rows, 0:columns]
    return np.stack([(across.ravel() + 0.5) / columns, (down.ravel() + 0.5) / rows], axis=1).astype(np.float32)


def align(
    pictures: tuple[NDArray[np.uint8], NDArray[np.uint8]], grids: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> Alignment:
    """Find the planes between two pictures from key points and patches.

    Key points place a plane exactly; patches find it where light or angle have changed too much for them.

    Args:
        pictures: uint8 (h, w, 3) each.
        grids: unit features (rows, columns, d) of each.
    """
    fine = keypoint_matches(*pictures)
    coarse = patch_matches(*grids)
    planes: list[NDArray[np.float64]] = []
    sources: list[Points] = []
    explained = 0
    rest = fine
    while len(rest[0]) >= _FEWEST and len(planes) < _PLANES:
        plane, inside = _plane(rest, _TOLERANCE)
        if plane is None or inside.sum() < _FEWEST:
            break
        planes.append(plane)
        sources.append(rest[0][inside])
        explained += int(inside.sum())
        rest = (rest[0][~inside], rest[1][~inside])
    step = 1.6 / grids[0].shape[0]
    vouched = _near(coarse, planes, step)
    if len(coarse[0]) >= _FEWEST:
        # What no exact plane explains, loosely: a scene that has turned, or textures without key points.
        left = (coarse[0][~vouched], coarse[1][~vouched])
        plane, inside = _plane(left, step)
        if plane is not None and inside.sum() >= max(_FEWEST, 0.12 * len(coarse[0])):
            planes.append(plane)
            sources.append(left[0][inside])
            vouched[np.flatnonzero(~vouched)[inside]] = True
    total = len(fine[0]) + len(coarse[0])
    together = explained + int(vouched.sum())
    # A handful of matches fits some plane in any two pictures.
    agreement = together / total * min(1.0, together / _ENOUGH) if total else 0.0
    shapes = np.stack(planes) if planes else np.zeros((0, 3, 3))
    return Alignment(shapes, sources, float(agreement), total)


def _plane(matches: tuple[Points, Points], tolerance: float) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_]]:
    """Fit the homography that most matches agree to, if it keeps the picture's orientation and about its size."""
    none = np.zeros(len(matches[0]), bool)
    if len(matches[0]) < _FEWEST:
        return None, none
    plane, mask = cv2.findHomography(matches[0], matches[1], cv2.RANSAC, tolerance, maxIters=4000, confidence=0.999)
    if plane is None or mask is None:
        return None, none
    inside = mask.ravel().astype(bool)
    spread = np.linalg.det(np.asarray(plane)[:2, :2])
    if not 0.1 < spread < 10:
        return None, none
    return np.asarray(plane, np.float64), inside


def _near(matches: tuple[Points, Points], planes: list[NDArray[np.float64]], step: float) -> NDArray[np.bool_]:
    found = np.zeros(len(matches[0]), bool)
    for plane in planes:
        found |= np.abs(mapped(plane, matches[0]) - matches[1]).max(1) < step
    return found
