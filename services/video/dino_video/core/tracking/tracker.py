"""One object through a film: followed, lost, found again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_video.core.tracking.features import Features, Labels, centred, normalised, scene_mean
from dino_video.core.tracking.labels import Box, labels_box
from dino_video.core.tracking.propagation import LabelPropagator, Propagation

TrackState = Literal["tracked", "lost", "found"]

NEIGHBOURS = 3
"""Best cosines that are averaged when a patch is compared with the object and with the background."""
GONE_SHARE, GONE_PATCHES = 0.12, 0.6
"""The object is gone when its labelled area is below this share of its usual one, or this many patches."""
LEAST_LIKE = 0.35
"""Share of the labelled patches that must look more like the object than like the background."""
FALL = 0.72
"""Share of the object's usual likeness (cosine to what it looked like) below which it is lost, or not found."""
FIND_SHARE = 0.25
"""Share of the object's usual area that a place must have to be the object again."""


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """Where the object is in one frame.

    `state` tracked, lost, or found (the first frame after a loss); `box` left, top, right, bottom in shares
    of the frame, None while lost; `labels` float32 (rows, columns), how far each patch belongs to it;
    `area` share of the frame, 0–1; `confidence` 0–1, the share of its patches that look like it more than
    like the background, times its likeness relative to the usual.
    """

    state: TrackState
    box: Box | None
    labels: Labels
    area: float
    confidence: float


@dataclass(slots=True)
class ObjectTracker:
    """Follows one object by label propagation and notices when it is gone.

    Frames in which it is lost are not remembered, so the context stays what it was when last seen. While
    lost, every frame is searched as a whole for patches that look more like the object (first and last
    seen) than like the background; a connected place of them, large and alike enough, is the object again.
    The mean feature of the first frame is taken off all features before they are compared (not in the papers).
    """

    _mean: NDArray[np.float32]
    _propagator: LabelPropagator
    _object: NDArray[np.float32]
    _background: NDArray[np.float32]
    _usual_area: float
    _usual_like: float
    _lost: bool = False
    _seen: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @classmethod
    def start(cls, features: Features, labels: Labels, settings: Propagation | None = None) -> ObjectTracker:
        """Begin with the object's labels (rows, columns), 0–1, in the first frame (rows, columns, d).

        Raises ValueError when no patch is labelled from 0.5 on, or the grids differ.
        """
        mean = scene_mean(features)
        flat = centred(features, mean)
        # One patch kind all over the frame: there is nothing to take off.
        if not flat.any():
            mean, flat = np.zeros_like(mean), normalised(features)
        chosen = labels >= 0.5
        if not chosen.any():
            raise ValueError("the object covers no patch of the first frame by half or more")
        mine, rest = flat[chosen], flat[labels < 0.2]
        usual = float(_best(mine @ mine.T, skip_self=True).mean()) if len(mine) > 1 else 1.0
        propagator = LabelPropagator.start(flat, labels, settings)
        return cls(mean, propagator, mine, rest, float(labels.sum()), usual, False, mine)

    def saved(self) -> dict[str, Any]:
        """All it knows, as plain values and arrays; `restored` goes on exactly from there."""
        return {
            "mean": self._mean,
            "propagator": self._propagator.saved(),
            "object": self._object,
            "background": self._background,
            "usual_area": self._usual_area,
            "usual_like": self._usual_like,
            "lost": self._lost,
            "seen": self._seen,
        }

    @classmethod
    def restored(cls, saved: dict[str, Any]) -> ObjectTracker:
        """The tracker that `saved` was told by."""
        return cls(
            saved["mean"],
            LabelPropagator.restored(saved["propagator"]),
            saved["object"],
            saved["background"],
            float(saved["usual_area"]),
            float(saved["usual_like"]),
            bool(saved["lost"]),
            saved["seen"],
        )

    def step(self, features: Features) -> TrackedFrame:
        """The next frame: features (rows, columns, d) of the first one's grid."""
        flat = centred(features, self._mean)
        labels = self._search(flat) if self._lost else self._propagator.predict(flat)
        if labels is None or not (judged := self._judge(flat, labels)):
            self._lost = True
            return TrackedFrame("lost", None, np.zeros(flat.shape[:2], np.float32), 0.0, 0.0)
        share, like = judged
        state: TrackState = "found" if self._lost else "tracked"
        if self._lost:
            # What lay around the object before the loss says nothing of where it is now.
            self._propagator.forget()
        self._lost = False
        self._propagator.remember(flat, labels)
        self._learn(flat, labels, share, like)
        confidence = float(np.clip(share * min(1.0, like / self._usual_like), 0.0, 1.0))
        return TrackedFrame(state, labels_box(labels), labels, float(labels.mean()), confidence)

    def _judge(self, flat: NDArray[np.float32], labels: Labels) -> tuple[float, float] | None:
        """Share of the patches that look like the object, and their likeness; None when it is not there."""
        chosen = labels >= 0.5
        if labels.sum() < max(GONE_PATCHES, GONE_SHARE * self._usual_area) or not chosen.any():
            return None
        like, unlike = self._likeness(flat[chosen])
        share, mean = float((like > unlike).mean()), float(like.mean())
        return (share, mean) if share >= LEAST_LIKE and mean >= FALL * self._usual_like else None

    def _likeness(self, patches: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        known = np.concatenate([self._object, self._seen])
        like = _best(patches @ known.T)
        unlike = _best(patches @ self._background.T) if len(self._background) else np.full_like(like, -1.0)
        return like, unlike

    def _search(self, flat: NDArray[np.float32]) -> Labels | None:
        rows, columns, width = flat.shape
        like, unlike = self._likeness(flat.reshape(-1, width))
        mine = ((like > unlike) & (like >= FALL * self._usual_like)).reshape(rows, columns)
        # The background that the object left behind is unknown: a part of it may pass, but not connected.
        count, parts, stats, _ = cv2.connectedComponentsWithStats(mine.astype(np.uint8), connectivity=8)
        if count < 2:
            return None
        weight = [float(like.reshape(rows, columns)[parts == part].sum()) for part in range(1, count)]
        best = 1 + int(np.argmax(weight))
        if stats[best, cv2.CC_STAT_AREA] < max(1.0, FIND_SHARE * self._usual_area):
            return None
        return (parts == best).astype(np.float32)

    def _learn(self, flat: NDArray[np.float32], labels: Labels, share: float, like: float) -> None:
        """Take over how the object looks now, where that is sure."""
        if share < 0.6:
            return
        self._usual_area += 0.1 * (float(labels.sum()) - self._usual_area)
        self._usual_like += 0.1 * (like - self._usual_like)
        self._seen = flat[labels >= 0.7] if (labels >= 0.7).any() else self._seen
        rest = flat[labels < 0.2]
        # The first frame's background stays; the newest is added, so that new surroundings are known.
        self._background = np.concatenate([self._background[: flat.shape[0] * flat.shape[1]], rest])


def track(features: Iterable[Features], labels: Labels, settings: Propagation | None = None) -> list[TrackedFrame]:
    """Every frame of the object's course, the first included; `features` yields (rows, columns, d) per frame."""
    frames = iter(features)
    first = next(frames)
    tracker = ObjectTracker.start(first, labels, settings)
    start = labels.astype(np.float32)
    found = [TrackedFrame("tracked", labels_box(start), start, float(start.mean()), 1.0)]
    found.extend(tracker.step(frame) for frame in frames)
    return found


def _best(cosines: NDArray[np.float32], skip_self: bool = False) -> NDArray[np.float32]:
    """Mean of each row's best cosines; without the largest (the patch itself) if so asked."""
    count = min(NEIGHBOURS + skip_self, cosines.shape[1])
    best = np.partition(cosines, cosines.shape[1] - count, axis=1)[:, -count:]
    if skip_self and best.shape[1] > 1:
        best = np.sort(best, axis=1)[:, :-1]
    return np.asarray(best.mean(axis=1), dtype=np.float32)
