"""What single-shot detectors find: boxes with key points, decoded, and merged where they overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """Detections of one kind.

    Attributes:
        boxes: float32 (n, 4), left, top, right, bottom.
        points: float32 (n, k, 2), x and y of the detector's key points.
        scores: float32 (n,), 0–1.
    """

    boxes: Floats
    points: Floats
    scores: Floats

    def __len__(self) -> int:
        """How many."""
        return len(self.scores)

    def placed(self, x: float, y: float, side: float) -> Found:
        """From shares of a square to the pixels of the picture that it was cut out of at x, y."""
        corner = np.array([x, y], np.float32)
        return Found(self.boxes * side + np.tile(corner, 2), self.points * side + corner, self.scores)


def none(points: int) -> Found:
    """Nothing found by a detector with so many key points."""
    return Found(np.zeros((0, 4), np.float32), np.zeros((0, points, 2), np.float32), np.zeros(0, np.float32))


def joined(parts: list[Found]) -> Found:
    """All of them as one; there is at least one part."""
    return Found(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def decoded(numbers: Floats, logits: Floats, anchors: Floats, side: int, least: float) -> Found:
    """Turn a detector's answer into detections in shares of its input.

    A row holds x, y of the centre and the width and height of the box, then x, y of each key point, all in pixels of
    the input; places are relative to the row's anchor (BlazeFace, 2019).

    Args:
        numbers: float32 (anchors, 4 + 2 k).
        logits: float32 (anchors,); the score is its sigmoid.
        anchors: float32 (anchors, 2), of `anchors.centres`.
        side: of the input, pixels.
        least: score below which a row is left out.
    """
    # A sigmoid beyond that is 0 or 1 in float32 anyway.
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits, -80.0, 80.0)))
    rows = np.flatnonzero(scores >= least)
    values = numbers[rows] / side
    centre, half = values[:, :2] + anchors[rows], np.abs(values[:, 2:4]) / 2
    points = values[:, 4:].reshape(len(rows), (numbers.shape[1] - 4) // 2, 2) + anchors[rows][:, None]
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return Found(boxes.astype(np.float32), points.astype(np.float32), scores[rows].astype(np.float32))


def merged(found: Found, overlap: float) -> Found:
    """Leave one detection of each thing: the mean of those that overlap, weighted by score (BlazeFace, 2019, 3.3).

    Args:
        found: detections, the best of which keeps its score.
        overlap: intersection over union from which two are of one thing.

    Returns:
        Detections, best first.
    """
    rest = np.argsort(-found.scores, kind="stable")
    parts = []
    while len(rest):
        best = rest[0]
        same = rest[(overlaps(found.boxes[best], found.boxes[rest]) >= overlap) | (rest == best)]
        rest = rest[~np.isin(rest, same)]
        weights = found.scores[same] / found.scores[same].sum()
        parts.append(
            Found(
                (found.boxes[same] * weights[:, None]).sum(axis=0, keepdims=True),
                (found.points[same] * weights[:, None, None]).sum(axis=0, keepdims=True),
                found.scores[best : best + 1],
            )
        )
    return joined(parts) if parts else found


def overlaps(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box (4,) with each of (n, 4)."""
    wide = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    high = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    both = np.clip(wide, 0, None) * np.clip(high, 0, None)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return both / np.maximum((box[2] - box[0]) * (box[3] - box[1]) + areas - both, 1e-9)
