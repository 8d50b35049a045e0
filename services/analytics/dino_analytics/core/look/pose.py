"""The pose of the person that a picture shows largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dino_common.look.people import People

PoseWord = Literal[
    "standing", "sitting", "lying", "facing_camera", "facing_left", "facing_right", "facing_away", "unknown"
]
_LEAST = 0.4
"""Score below which a body's points are too unsure to say how it stands."""


@dataclass(frozen=True, slots=True)
class Pose:
    """`pose`, `confidence` 0–1, and the `reason` why it is unknown."""

    pose: PoseWord
    confidence: float
    reason: str | None = None


def pose_of(people: People | None) -> Pose:
    """Return how the largest body stands, where its legs tell it; else where it, or the largest face, is turned to.

    Args:
        people: of the picture; None where no detector looked.
    """
    if people is None:
        return Pose("unknown", 0.0, "no_detector")
    bodies = [body for body in people.bodies or [] if body.score >= _LEAST]
    body = max(bodies, key=lambda one: one.height * one.score, default=None)
    if body is not None and body.posture != "unknown":
        return Pose(body.posture, round(0.8 * body.score, 4))
    face = max(people.faces, key=lambda one: (one.bottom - one.top) * one.score, default=None)
    turned = face or body
    if turned is None:
        return Pose("unknown", 0.0, "no_person_found")
    if turned.facing == "unknown":
        return Pose("unknown", 0.0, "side_not_told")
    # A face tells its side surely; by shoulders front and back are confused at times.
    sure = (0.9 if face is not None else 0.6) * turned.score
    return Pose(f"facing_{turned.facing}", round(sure, 4))  # pyright: ignore[reportArgumentType]
