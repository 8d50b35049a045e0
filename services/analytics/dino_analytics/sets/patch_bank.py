"""Reference patches of many pictures, gathered picture by picture within a fixed amount of memory."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dino_analytics.core.sets.anomaly import Bank, drawn, quota
from dino_analytics.dense import Dense, Looked
from dino_analytics.serving import ServingModel
from dino_common.bus.context import Context
from dino_common.errors import AssetNotFound, Conflict

AT_ONCE = 8


@dataclass(slots=True)
class Gone:
    """Assets that a job found deleted while it ran.

    Attributes:
        living: tells which of some ids are still assets.
        ids: those found deleted so far.
    """

    living: Callable[[Sequence[str]], Awaitable[set[str]]]
    ids: set[str] = field(default_factory=set)

    async def note(self, asset_ids: Sequence[str]) -> bool:
        """Note those of the ids that are no assets any more; return whether there is such a one."""
        living = await self.living(asset_ids)
        found = {asset_id for asset_id in asset_ids if asset_id not in living}
        self.ids |= found
        return bool(found)


async def looked_at(
    dense: Dense, asset_ids: Sequence[str], context: Context, first: ServingModel, gone: Gone
) -> AsyncIterator[tuple[int, Looked]]:
    """Yield every picture with its patches by this model, and its place, a few in memory at a time.

    One that is deleted meanwhile is left out and noted in ``gone``.

    Raises:
        DinoError: as ``Dense.look``; Conflict when another model serves by now.
    """
    for start in range(0, len(asset_ids), AT_ONCE):
        places = {asset_id: start + n for n, asset_id in enumerate(asset_ids[start : start + AT_ONCE])}
        while wanted := [asset_id for asset_id in places if asset_id not in gone.ids]:
            try:
                model, looked = await dense.look(wanted, context)
                break
            except AssetNotFound:
                if not await gone.note(wanted):
                    raise  # the assets are there, but what is stored of one is not
        else:
            continue
        if model.version != first.version:
            raise Conflict(
                f"The model changed from {first.version} to {model.version} during the request",
                details="Vectors of two versions are never compared; repeat the request.",
                retry_after=3,
            )
        for one in looked:
            yield places[one.record.asset_id], one


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
        """Return the bank.

        Raises:
            Conflict: not one picture was added.
        """
        if not self._patches:
            raise Conflict("Every reference picture was deleted during the request")
        return Bank(np.concatenate(self._patches), np.concatenate(self._owners))
