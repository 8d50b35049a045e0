"""How large the vector index is, for the metrics."""

from __future__ import annotations

import asyncio
import logging

from dino_analytics.index.errors import IndexFault
from dino_analytics.library import Library
from dino_common.bus.tasks import end
from dino_common.metrics import watch_metrics

log = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0


class IndexWatch:
    """Counts the open indexes every five seconds."""

    def __init__(self, library: Library) -> None:
        """Watch this library's index."""
        self._library = library
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to count."""
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(_EVERY_SECONDS)

    async def _look(self) -> None:
        metrics = watch_metrics()
        metrics.index_complete.set(float(self._library.complete))
        counts: list[tuple[float, dict[str, str]]] = []
        for entry in self._library.open_indexes:
            try:
                counts.append((await entry.index.count(), {"model_version": entry.model.version}))
            except IndexFault as error:
                log.debug("the index was not counted: %s", error)
        metrics.indexed.replace(counts)

    async def stop(self) -> None:
        """End counting."""
        await end([] if self._task is None else [self._task])
