"""Reference patches of many pictures, gathered picture by picture within a fixed amount of memory."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

import numpy as np

from dino_analytics.core.sets.anomaly import Bank, drawn, quota
from dino_analytics.dense import Dense, Looked
from dino_analytics.serving import ServingModel
from dino_common.bus.context import Context
from dino_common.errors import Conflict

AT_ONCE = 8


async def looked_at(
    dense: Dense, asset_ids: Sequence[str], context: Context, first: ServingModel
) -> AsyncIterator[tuple[int, Looked]]:
    """Yield every picture with its patches by this model, and its place, a few in memory at a time.

    Raises:
        DinoError: as ``Dense.look``; Conflict when another model serves by now.
    """
    for start in range(0, len(asset_ids), AT_ONCE):
        model, looked = await dense.look(asset_ids[start : start + AT_ONCE], context)
        if model.version != first.version:
            raise Conflict(
                f"The model changed from {first.version} to {model.version} during the request",
                details="Vectors of two versions are never compared; repeat the request.",
                retry_after=3,
            )
        for number, one in enumerate(looked):
            yield start + number, one


class BankBuilder:
    """Collects an even share of every picture's patches; one content counts once, under however many ids it is."""

    def __init__(self, pictures: int) -> None:
        """Expect so many pictures."""
        self._pictures = pictures
        self._patches: list[np.ndarray] = []
        self._owners: list[np.ndarray] = []
        self.contents: dict[str, int] = {}

    def add(self, looked: Looked) -> None:
        """Take from a picture; which patches follows from its content alone."""
        if looked.record.sha256 in self.contents:
            return
        number = self.contents[looked.record.sha256] = len(self.contents)
        patches = looked.patches.reshape(-1, looked.patches.shape[-1])
        seed = int.from_bytes(hashlib.blake2b(looked.record.sha256.encode(), digest_size=8).digest(), "big")
        taken = drawn(patches, quota(self._pictures, len(patches)), seed)
        self._patches.append(np.array(taken, dtype=np.float32))
        self._owners.append(np.full(len(taken), number, np.int32))

    def finish(self) -> Bank:
        """Return the bank."""
        return Bank(np.concatenate(self._patches), np.concatenate(self._owners))
