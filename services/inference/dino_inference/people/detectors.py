"""The single-shot detectors of faces, bodies and palms: what each takes and how its answer is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_inference.core.people.anchors import centres
from dino_inference.core.people.found import Found, decoded, joined, merged
from dino_inference.core.people.squares import Square, cut
from dino_inference.people.network import Network


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of a detector.

    Attributes:
        side: of its input, pixels.
        layers: stride and anchors a cell, as `centres` takes them.
        points: key points of a detection.
        low: to what black is scaled; white is 1.
        least: score below which nothing is found.
        overlap: intersection over union from which two detections are of one thing.
    """

    side: int
    layers: tuple[tuple[int, int], ...]
    points: int
    low: float
    least: float
    overlap: float = 0.3


# Key points of a face: right eye, left eye, nose, mouth, right ear, left ear (of the person).
FACES = Kind(192, ((4, 1),), 6, -1.0, 0.5)
# Of a body: middle of the hips, a point that tells its size and turn, and the same two of the upper body.
BODIES = Kind(224, ((8, 2), (16, 2), (32, 6)), 4, -1.0, 0.65)
# Of a palm: wrist, the roots of index, middle, ring and little finger, and two of the thumb.
PALMS = Kind(192, ((8, 2), (16, 6)), 7, 0.0, 0.5)


class Detector:
    """Finds things of one kind in a picture, square by square."""

    def __init__(self, network: Network, kind: Kind) -> None:
        """Use a network of that kind.

        Raises:
            ValueError: the network is another one.
        """
        if network.side != kind.side:
            raise ValueError(f"the network takes {network.side} pixels, not {kind.side}")
        self._network, self._kind = network, kind
        self._anchors = centres(kind.side, kind.layers)

    def find(self, picture: NDArray[np.uint8], where: Sequence[Square]) -> Found:
        """Return what is found in the squares, in pixels of the picture, best first; each thing once.

        Args:
            picture: uint8 (h, w, 3) RGB.
            where: at least one square.
        """
        kind, count = self._kind, len(self._anchors)
        parts = []
        answers = self._network([cut(picture, square, kind.side) for square in where], kind.low)
        for square, answer in zip(where, answers, strict=True):
            numbers, logits = answer[(count, 4 + 2 * kind.points)], answer[(count, 1)][:, 0]
            found = decoded(numbers, logits, self._anchors, kind.side, kind.least)
            parts.append(merged(found, kind.overlap).placed(square.x, square.y, square.side))
        return merged(joined(parts), kind.overlap)
