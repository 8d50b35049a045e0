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
        self._checked_at = 0.0
        self._fault: str | None = "the golden picture has not been checked yet"
        self._lock = asyncio.Lock()

    async def reasons(self) -> list[str]:
        """Return why the process should get no requests; empty when it should."""
        async with self._lock:
            if time.monotonic() - self._checked_at > _FRESH_SECONDS:
                self._fault = await self._check()
                self._checked_at = time.monotonic()
        faults = [self._fault] if self._fault else []
        if not await self._mongo.ping():
            faults.append("MongoDB does not answer")
        return faults

    async def _check(self) -> str | None:
        try:
            result = await self._batcher.submit_pixels(
                self._model.golden_pixels(), deadline=time.time() + _PATIENCE_SECONDS, patches=False
            )
        except DinoError as error:
            if error.status == 503 and self._checked_at and self._fault is None:
                return None  # full of work is not broken
            return f"the golden picture failed: {error.message}"
        cosine = self._model.golden_cosine(result.vector)
        if cosine < self._model.golden_bound:
            return f"the golden cosine is {cosine:.5f}, below the bound of {self._model.golden_bound}"
        return None
