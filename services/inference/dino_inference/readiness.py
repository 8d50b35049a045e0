"""Ready means that a real inference answers: the golden picture against its recorded vector."""

from __future__ import annotations

import asyncio
import logging
import time

from dino_common.errors import DinoError
from dino_common.stores.mongo import Mongo
from dino_inference.batcher import Batcher
from dino_inference.visual_model import VisualModel

log = logging.getLogger(__name__)

_FRESH_SECONDS = 20.0
_PATIENCE_SECONDS = 15.0


class Readiness:
    """Runs the golden picture through the same queue as requests, at most every 20 seconds."""

    def __init__(self, model: VisualModel, batcher: Batcher, mongo: Mongo) -> None:
        """Nothing is checked yet."""
        self._model, self._batcher, self._mongo = model, batcher, mongo
        self._checked_at: float | None = None
        self._checking: asyncio.Task[None] | None = None
        self._fault: str | None = None
        self._forwards_seen = 0
        self.golden_cosine: float | None = None

    async def reasons(self) -> list[str]:
        """Return why the process should get no requests; empty when it should.

        Only the first answer waits for the golden picture; later ones tell what the last look found, because a
        busy queue may be longer than the patience of whoever asks.
        """
        stale = self._checked_at is None or time.monotonic() - self._checked_at > _FRESH_SECONDS
        if stale and self._checking is None:
            self._checking = asyncio.create_task(self._look())
        if self._checked_at is None and self._checking is not None:
            await asyncio.shield(self._checking)
        faults = [self._fault] if self._fault else []
        if not await self._mongo.ping():
            faults.append("MongoDB does not answer")
        return faults

    async def _look(self) -> None:
        try:
            self._fault = await self._check()
        except Exception as error:
            log.exception("the golden picture could not be checked")
            self._fault = f"the golden picture could not be checked: {type(error).__name__}"
        finally:
            self._checked_at, self._checking = time.monotonic(), None

    async def _check(self) -> str | None:
        try:
            result = await self._batcher.submit_pixels(
                self._model.golden_pixels(), deadline=time.time() + _PATIENCE_SECONDS, patches=False
            )
            cosine = self._model.golden_cosine(result.vector)
            self.golden_cosine = min(1.0, max(-1.0, cosine))
        except DinoError as error:
            # Full of work is not broken, as long as the work goes on.
            busy = error.status in (503, 504) and self._batcher.forwards > self._forwards_seen
            if busy and self._checked_at is not None and self._fault is None:
                return None
            return f"the golden picture failed: {error.message}"
        finally:
            self._forwards_seen = self._batcher.forwards
        if not cosine >= self._model.golden_bound:
            return f"the golden cosine is {cosine:.5f}, below the bound of {self._model.golden_bound}"
        return None
