"""The people of a picture: faces, bodies and hands, each found by one network and seen again by another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dino_inference.core.people.body import BodyFacts, body_facts
from dino_inference.core.people.found import Found, overlaps
from dino_inference.core.people.head import head_turned
from dino_inference.core.people.squares import Square, squares
from dino_inference.people.detectors import BODIES, FACES, PALMS, Detector
from dino_inference.people.network import Network, shared_core
from dino_inference.people.second_look import body_seen, face_seen, hand_seen

RGB = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bodies = Literal["always", "without_face", "never"]

_FACE_THERE, _BODY_THERE, _HAND_THERE = 0.5, 0.9, 0.5
"""Of a face both looks together, of a body and a hand what the second look says."""
_CANDIDATES = 12
"""Second looks a picture and kind, at most: a crowd costs no more."""
_LEVELS = 3
_SAME_BODY = 0.4
"""Of two bodies' boxes: intersection over union from which they are one."""


@dataclass(frozen=True, slots=True)
class FaceThere:
    """A face: box in shares of the picture, score 0–1, and where it is turned to."""

    box: Floats
    score: float
    facing: Literal["camera", "left", "right"]


@dataclass(frozen=True, slots=True)
class BodyThere:
    """A body: its facts, and the score 0–1."""

    facts: BodyFacts
    score: float


@dataclass(frozen=True, slots=True)
class HandThere:
    """A hand: box around its points in shares of the picture, and the score 0–1."""

    box: Floats
    score: float


@dataclass(frozen=True, slots=True)
class People:
    """What a picture has, the surest first; None where it was not looked for."""

    faces: list[FaceThere]
    bodies: list[BodyThere] | None
    hands: list[HandThere] | None


class PeopleFinder:
    """Looks at pictures; may be called from several threads."""

    def __init__(self, directory: Path) -> None:
        """Load the networks of a directory, as `weights.ensure_people_models` returns it."""
        core = shared_core()

        def network(name: str) -> Network:
            return Network(core, directory / f"{name}.tflite")

        self._faces = Detector(network("face_detection_full_range_sparse"), FACES)
        self._bodies = Detector(network("pose_detection"), BODIES)
        self._palms = Detector(network("palm_detection_full"), PALMS)
        self._face, self._body, self._hand = (
            network(name) for name in ("face_landmark", "pose_landmark_full", "hand_landmark_lite")
        )

    def find(self, picture: RGB, bodies: Bodies = "always", hands: bool = False) -> People:
        """Return the people of uint8 (h, w, 3) RGB.

        Small squares, which find what is far away and cost most, are looked at only where the large ones have nothing.
        """
        height, width = picture.shape[:2]
        size = np.array([width, height, width, height], np.float32)
        near = squares(width, height, _LEVELS - 1)
        far = squares(width, height, _LEVELS)[len(near) :]
        faces = self._faces_in(picture, near, size) or self._faces_in(picture, far, size)
        found_bodies = None
        if bodies == "always" or (bodies == "without_face" and not faces):
            found_bodies = self._bodies_in(picture, near) or self._bodies_in(picture, far)
        return People(faces, found_bodies, self._hands_in(picture, near, size) if hands else None)

    def _faces_in(self, picture: RGB, where: list[Square], size: Floats) -> list[FaceThere]:
        there = []
        for box, points, score in _each(self._faces.find(picture, where) if where else None):
            seen = face_seen(self._face, picture, box, points)
            if score * seen.presence >= _FACE_THERE:
                there.append(FaceThere(box / size, round(score * seen.presence, 4), head_turned(points)))
        return sorted(there, key=lambda face: -face.score)

    def _bodies_in(self, picture: RGB, where: list[Square]) -> list[BodyThere]:
        size = picture.shape[1], picture.shape[0]
        there: list[BodyThere] = []
        for _, points, score in _each(self._bodies.find(picture, where) if where else None):
            seen = body_seen(self._body, picture, points)
            facts = body_facts(seen.points, seen.visible, size) if seen.presence >= _BODY_THERE else None
            if facts is not None and not any(_same(facts, other.facts) for other in there):
                there.append(BodyThere(facts, round(score * seen.presence * facts.sure, 4)))
        return sorted(there, key=lambda body: -body.score)

    def _hands_in(self, picture: RGB, where: list[Square], size: Floats) -> list[HandThere]:
        there: list[HandThere] = []
        for box, points, score in _each(self._palms.find(picture, where)):
            seen = hand_seen(self._hand, picture, box, points)
            around = (np.concatenate([seen.points.min(axis=0), seen.points.max(axis=0)]) / size).astype(np.float32)
            if seen.presence >= _HAND_THERE and not _among(around, there):
                there.append(HandThere(around, round(score * seen.presence, 4)))
        return sorted(there, key=lambda hand: -hand.score)


def _each(found: Found | None) -> list[tuple[Floats, Floats, float]]:
    if found is None:
        return []
    rows = zip(found.boxes, found.points, found.scores.tolist(), strict=True)
    return list(rows)[:_CANDIDATES]


def _same(one: BodyFacts, other: BodyFacts) -> bool:
    first, second = (np.array([b.left, b.top, b.right, b.bottom], np.float32) for b in (one, other))
    return bool(overlaps(first, second[None])[0] >= _SAME_BODY)


def _among(box: Floats, hands: list[HandThere]) -> bool:
    return any(overlaps(box, hand.box[None])[0] >= _SAME_BODY for hand in hands)
