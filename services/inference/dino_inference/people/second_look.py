"""The second look at what a detector found: a network of its kind says whether it is there, and where its parts lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_inference.core.people.squares import turned
from dino_inference.people.network import Network

RGB = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """Parts of one face, body or hand.

    Attributes:
        presence: 0–1, that there is one in the square.
        points: float32 (n, 2), pixels of the picture.
        visible: float32 (n,), 0–1; ones where the network does not tell.
    """

    presence: float
    points: Floats
    visible: Floats


def face_seen(network: Network, picture: RGB, box: Floats, points: Floats) -> Seen:
    """Look at a face again (Kartynnik et al., "Real-time facial surface geometry", 2019): 468 points.

    Args:
        network: of the face's surface.
        picture: uint8 (h, w, 3).
        box, points: of the detector, pixels.
    """
    eyes = points[1] - points[0]
    middle = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
    side = 1.5 * float(max(box[2] - box[0], box[3] - box[1]))
    cut, back = turned(picture, middle, side, math.atan2(float(eyes[1]), float(eyes[0])), network.side)
    (answer,) = network([cut], 0.0)
    marks = answer[(1, 1, 1404)].reshape(468, 3)[:, :2]
    presence = _share(answer[(1, 1, 1)])
    return Seen(presence, _moved(marks, back), np.ones(468, np.float32))


def body_seen(network: Network, picture: RGB, points: Floats) -> Seen:
    """Look at a body again (Bazarevsky et al., "BlazePose", 2020): 33 points.

    Args:
        network: of the body's points.
        picture: uint8 (h, w, 3).
        points: of the detector, pixels: the middle of the hips first, then one that tells size and turn.
    """
    up = points[1] - points[0]
    side = 2.5 * float(np.hypot(up[0], up[1]))
    angle = math.atan2(float(up[0]), -float(up[1]))
    cut, back = turned(picture, (float(points[0, 0]), float(points[0, 1])), side, angle, network.side)
    (answer,) = network([cut], 0.0)
    rows = answer[(195,)].reshape(39, 5)[:33]
    # That a point is visible, and that it is within the square at all.
    visible = 1.0 / (1.0 + np.exp(-rows[:, 3:5].min(axis=1)))
    return Seen(float(answer[(1,)][0]), _moved(rows[:, :2], back), visible.astype(np.float32))


def hand_seen(network: Network, picture: RGB, box: Floats, points: Floats) -> Seen:
    """Look at a hand again (Zhang et al., "MediaPipe Hands", 2020): 21 points.

    Args:
        network: of the hand's points.
        picture: uint8 (h, w, 3).
        box, points: of the palm, pixels; the wrist first, the root of the middle finger third.
    """
    up = points[2] - points[0]
    angle = math.atan2(float(up[0]), -float(up[1]))
    palm = float(max(box[2] - box[0], box[3] - box[1]))
    # Fingers are longer than the palm: the square reaches out in their direction.
    middle = (
        float(box[0] + box[2]) / 2 + 0.5 * palm * math.sin(angle),
        float(box[1] + box[3]) / 2 - 0.5 * palm * math.cos(angle),
    )
    cut, back = turned(picture, middle, 2.6 * palm, angle, network.side)
    (answer,) = network([cut], 0.0)
    marks = answer[(63,)].reshape(21, 3)[:, :2]
    return Seen(float(answer[(1,)][0]), _moved(marks, back), np.ones(21, np.float32))


def _moved(points: NDArray[np.floating], back: NDArray[np.floating]) -> Floats:
    return (points @ back[:, :2].T + back[:, 2]).astype(np.float32)


def _share(logit: Floats) -> float:
    return 1.0 / (1.0 + math.exp(-float(np.clip(logit.ravel()[0], -80, 80))))
