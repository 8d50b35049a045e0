"""The library in memory, as suggestions need it: brought up to date when another process has changed it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from dino_common.stores.shots import ShotRecord, ShotStore
from dino_video.core.suggestions import plain_words


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every shot with a vector of one text model.

    Attributes:
        revision: of the library that it shows.
        shots: n records.
        vectors: float32 (n, dimension).
        labels: tags, scale, angle, movement and tone of each shot in plain words.
        stale: shots whose vector is of another text model.
    """

    revision: int
    shots: list[ShotRecord]
    vectors: np.ndarray
    labels: list[frozenset[str]]
    stale: list[ShotRecord]


class Shelves:
    """Keeps the newest shelf. The library is read whole when its revision has changed, else not at all."""

    def __init__(self, store: ShotStore) -> None:
        """Read from this store."""
        self._store = store
        self._shelf: tuple[str, Shelf] | None = None
        self._reading = asyncio.Lock()

    async def newest(self, text_model: str) -> Shelf:
        """Return the library as it stands, for one text model."""
        async with self._reading:
            revision = await self._store.revision()
            if self._shelf is not None and self._shelf[0] == text_model and self._shelf[1].revision == revision:
                return self._shelf[1]
            shots: list[ShotRecord] = []
            stale: list[ShotRecord] = []
            async for record in self._store.iter_all():
                (shots if record.text_model == text_model else stale).append(record)
            vectors = np.stack([s.text_vector for s in shots]) if shots else np.empty((0, 0), np.float32)
            shelf = Shelf(revision, shots, vectors, [labels(shot) for shot in shots], stale)
            self._shelf = (text_model, shelf)
            return shelf


def labels(shot: ShotRecord) -> frozenset[str]:
    """Return everything that a wanted tag may meet."""
    looks = (shot.movement_type, shot.camera_angle, shot.shot_scale, shot.angle, shot.emotional_tone)
    return frozenset(plain_words(word) for word in (*shot.tags, *looks))
