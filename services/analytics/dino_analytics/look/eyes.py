"""What the handlers of looks share: pictures with patches, people where a detector is there, and threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import numpy as np

from dino_analytics.dense import Dense, Looked
from dino_analytics.serving import ServingModel
from dino_common.bus.context import Context
from dino_common.errors import InvalidRequest
from dino_common.look.people import People, PeopleWatch

P = ParamSpec("P")
T = TypeVar("T")

SMALLEST_SIDE = 32
_MOST_UNEVEN = 40.0


class Eyes:
    """Looks at assets and computes on them, as many at once as there are cores."""

    def __init__(self, dense: Dense, watch: PeopleWatch) -> None:
        """Look through these."""
        self._dense, self._watch = dense, watch
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="look")

    async def detector(self, context: Context) -> str | None:
        """Return who looks for people; None where nobody does."""
        return await self._watch.detector(context)

    async def people(self, picture: np.ndarray, context: Context, *, hands: bool = False) -> People | None:
        """Return the people of uint8 (h, w, 3), or None where nobody looks."""
        found = await self._watch.find([picture], context, hands=hands)
        return found[0] if found else None

    async def look(self, asset_ids: Sequence[str], context: Context) -> tuple[ServingModel, list[Looked]]:
        """Return the pictures in order.

        Raises:
            AssetNotFound: names every missing asset.
            InvalidFileFormat: one is a film.
            InvalidRequest: one is too small or too narrow to be looked at.
            DinoError: of the stores, the bus or inference.
        """
        model, looked = await self._dense.look(asset_ids, context)
        for one in looked:
            height, width = one.picture.shape[:2]
            if min(height, width) < SMALLEST_SIDE or max(height, width) > _MOST_UNEVEN * min(height, width):
                raise InvalidRequest(
                    f"Asset {one.record.asset_id} has {width} × {height} pixels where it is looked at",
                    details=f"A look needs {SMALLEST_SIDE} pixels a side with the longer side scaled to 512.",
                )
        return model, looked

    async def work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a computation in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*args, **kwargs))

    async def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
