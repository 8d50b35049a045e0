"""Label propagation: each patch takes the labels of its nearest neighbours in earlier frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_video.core.tracking.features import Features, Labels, normalised


@dataclass(frozen=True, slots=True)
class Propagation:
    """Settings of label propagation.

    `window` patches to each side in which neighbours are looked for; `top` neighbours that count;
    `temperature` of the softmax over their cosines; `recent` frames kept as context beside the first.
    """

    window: int = 12
    top: int = 5
    temperature: float = 0.2
    recent: int = 7


@dataclass(slots=True)
class LabelPropagator:
    """Carries labels from frame to frame.

    Jabri, Owens and Efros, "Space-time correspondence as a contrastive random walk" (NeurIPS 2020), as used
    for DINO (Caron et al., ICCV 2021): context is the first frame, always, and the most recent ones; of the
    patches within a square window around the same place in each, the `top` most similar over all context
    frames count, weighted by softmax(cosine / temperature).
    """

    first: NDArray[np.float32]
    labels: Labels
    settings: Propagation = field(default_factory=Propagation)
    _recent: deque[tuple[NDArray[np.float32], Labels]] = field(default_factory=deque)

    @classmethod
    def start(cls, features: Features, labels: Labels, settings: Propagation | None = None) -> LabelPropagator:
        """Begin at a frame: features (rows, columns, d), labels (rows, columns) or (rows, columns, k) 0–1.

        Raises ValueError when the grids differ.
        """
        if labels.shape[:2] != features.shape[:2]:
            raise ValueError(f"labels of {labels.shape[:2]} patches for features of {features.shape[:2]}")
        return cls(normalised(features), labels.astype(np.float32), settings or Propagation())

    def predict(self, features: Features) -> Labels:
        """Labels of the next frame, in the shape of the first ones; nothing is remembered."""
        now = normalised(features)
        if now.shape != self.first.shape:
            raise ValueError(f"features of {now.shape} after {self.first.shape}")
        context = [(self.first, self.labels), *self._recent]
        known = np.stack([frame for frame, _ in context])
        marks = np.stack([label.reshape(*label.shape[:2], -1) for _, label in context])
        found = _propagated(now, known, marks, self.settings)
        return found.reshape(self.labels.shape)

    def remember(self, features: Features, labels: Labels) -> None:
        """Keep a frame and its labels as context; the oldest beyond `recent` is dropped, never the first."""
        self._recent.append((normalised(features), labels.astype(np.float32)))
        while len(self._recent) > self.settings.recent:
            self._recent.popleft()

    def forget(self) -> None:
        """Drop all context but the first frame."""
        self._recent.clear()

    def saved(self) -> dict[str, Any]:
        """All it knows, as plain values and arrays; `restored` goes on exactly from there."""
        settings = [self.settings.window, self.settings.top, self.settings.temperature, self.settings.recent]
        recent = [[features, labels] for features, labels in self._recent]
        return {"first": self.first, "labels": self.labels, "settings": settings, "recent": recent}

    @classmethod
    def restored(cls, saved: dict[str, Any]) -> LabelPropagator:
        """The propagator that `saved` was told by."""
        window, top, temperature, recent = saved["settings"]
        settings = Propagation(int(window), int(top), float(temperature), int(recent))
        known = deque((features, labels) for features, labels in saved["recent"])
        return cls(saved["first"], saved["labels"], settings, known)


def propagate(features: Iterable[Features], labels: Labels, settings: Propagation | None = None) -> list[Labels]:
    """Labels of every frame, the first one's included; `features` yields (rows, columns, d) per frame."""
    frames = iter(features)
    first = next(frames)
    propagator = LabelPropagator.start(first, labels, settings)
    found = [propagator.labels]
    for frame in frames:
        found.append(propagator.predict(frame))
        propagator.remember(frame, found[-1])
    return found


def _propagated(
    now: NDArray[np.float32], known: NDArray[np.float32], marks: NDArray[np.float32], settings: Propagation
) -> NDArray[np.float32]:
    """Labels (rows, columns, k); `known` (frames, rows, columns, d), `marks` (frames, rows, columns, k).

    Row by row: memory stays at one band of context, and only the window's rows are multiplied.
    """
    rows, columns, width = now.shape
    kinds = marks.shape[-1]
    place = np.arange(columns)
    far = np.abs(place[:, None] - place[None, :]) > settings.window
    out = np.empty((rows, columns, kinds), dtype=np.float32)
    for row in range(rows):
        top, bottom = max(0, row - settings.window), min(rows, row + settings.window + 1)
        band = known[:, top:bottom]
        cosines = now[row] @ band.reshape(-1, width).T
        blocked = cosines.reshape(columns, -1, columns)
        blocked[np.broadcast_to(far[:, None, :], blocked.shape)] = -np.inf
        count = min(settings.top, cosines.shape[1])
        best = np.argpartition(cosines, cosines.shape[1] - count, axis=1)[:, -count:]
        likeness = np.take_along_axis(cosines, best, axis=1)
        weights = np.exp((likeness - likeness.max(axis=1, keepdims=True)) / settings.temperature)
        weights /= weights.sum(axis=1, keepdims=True)
        out[row] = np.einsum("cn,cnk->ck", weights, marks[:, top:bottom].reshape(-1, kinds)[best])
    return out
