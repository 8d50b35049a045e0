"""The courses of a film's objects: a tracker each, and what it said of every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dino_video.core.media.facts import VideoFacts
from dino_video.core.timecode import frame_at, timecode
from dino_video.core.tracking import ObjectTracker, TrackedFrame, labels_box, patch_mask
from dino_video.core.tracking.features import Features
from dino_video.core.tracking.masks import mask_size, png, runs
from dino_video.tracking.starts import Start

MaskFormat = Literal["png", "rle"]
LARGEST_ANSWER = 12 * 1024 * 1024
"""Bytes of items in one answer, about: a job's document holds 15 MB."""
_ITEM_BYTES = 220
_RUN_BYTES = 3


@dataclass
class Courses:
    """Follows all objects frame by frame; what it has told is in ``items``, a list an object.

    Attributes:
        size: bytes of all items, about.
        frames: how many were taken.
        last: exact time of the last one.
        grid: rows and columns of patches.
    """

    starts: Sequence[Start]
    facts: VideoFacts
    masks: MaskFormat | None = None
    items: list[list[dict[str, Any]]] = field(default_factory=list)
    size: int = 0
    frames: int = 0
    last: Fraction | None = None
    grid: tuple[int, int] = (0, 0)
    _trackers: list[ObjectTracker] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no items."""
        self.items = self.items or [[] for _ in self.starts]

    @property
    def full(self) -> bool:
        """Whether another frame could make the answer too large."""
        latest = [items[-1] for items in self.items if items]
        return self.size + sum(2 * _bytes(item) for item in latest) > LARGEST_ANSWER

    def take(self, time: Fraction, features: Features) -> None:
        """Take the next frame's patches (rows, columns, d); the first one begins the courses."""
        if not self._trackers:
            self.grid = (features.shape[0], features.shape[1])
            found = []
            for start in self.starts:
                labels = start.labels(features)
                self._trackers.append(ObjectTracker.start(features, labels))
                found.append(TrackedFrame("tracked", labels_box(labels), labels, float(labels.mean()), 1.0))
        else:
            found = [tracker.step(features) for tracker in self._trackers]
        for items, one in zip(self.items, found, strict=True):
            item = self._item(time, one)
            self.size += _bytes(item)
            items.append(item)
        self.frames += 1
        self.last = time

    def saved(self) -> dict[str, Any]:
        """What another worker needs to go on; the items not among it."""
        assert self.last is not None
        return {
            "trackers": [tracker.saved() for tracker in self._trackers],
            "last": [self.last.numerator, self.last.denominator],
            "frames": self.frames,
            "size": self.size,
            "grid": list(self.grid),
        }

    def restore(self, saved: dict[str, Any], items: list[list[dict[str, Any]]]) -> None:
        """Go on from what ``saved`` told and the items of all that was kept before."""
        self._trackers = [ObjectTracker.restored(one) for one in saved["trackers"]]
        self.last = Fraction(*saved["last"])
        self.frames, self.size = int(saved["frames"]), int(saved["size"])
        self.grid = (int(saved["grid"][0]), int(saved["grid"][1]))
        self.items = items

    def _item(self, time: Fraction, one: TrackedFrame) -> dict[str, Any]:
        number = frame_at(time, self.facts.rate)
        item: dict[str, Any] = {
            "frame": number,
            "time": round(float(time), 6),
            "timecode": timecode(number, self.facts.rate),
            "state": one.state,
            "box": None if one.box is None else self._pixels(one.box),
            "area": round(one.area, 5),
            "confidence": round(one.confidence, 4),
            "mask": None,
        }
        if self.masks is not None and one.box is not None:
            item["mask"] = _mask(one.labels, mask_size(self.facts.width, self.facts.height), self.masks)
        return item

    def _pixels(self, box: tuple[float, float, float, float]) -> list[float]:
        left, top, right, bottom = box
        width, height = self.facts.width, self.facts.height
        return [
            round(float(value), 1)
            for value in (left * width, top * height, (right - left) * width, (bottom - top) * height)
        ]


def _mask(labels: NDArray[np.float32], size: tuple[int, int], form: MaskFormat) -> dict[str, Any]:
    mask = patch_mask(labels, size)
    told: dict[str, Any] = {"size": list(size), "png": None, "counts": None}
    return told | ({"png": png(mask)} if form == "png" else {"counts": runs(mask)})


def _bytes(item: dict[str, Any]) -> int:
    mask = item["mask"]
    if mask is None:
        return _ITEM_BYTES
    return _ITEM_BYTES + (len(mask["png"]) if mask["png"] else _RUN_BYTES * len(mask["counts"]))
