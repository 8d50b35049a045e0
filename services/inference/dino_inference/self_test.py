"""The self-test: the golden picture through the same queue as requests, and the speed of full batches."""

from __future__ import annotations

import asyncio
import logging
import time

from dino_common.bus.context import Context
from dino_common.bus.tasks import end
from dino_common.contracts.rollout import SelfTestRequest, SelfTestResponse
from dino_common.errors import DinoError
from dino_inference.batcher import Batcher
from dino_inference.visual_model import VisualModel

log = logging.getLogger(__name__)

_START_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0


class SelfTest:
    """Measures this process's model.

    Attributes:
        images_per_second: of the last measurement, or None.
    """

    def __init__(self, instance: str, key: str | None, model: VisualModel, batcher: Batcher) -> None:
        """Nothing is measured yet."""
        self._instance, self._key, self._model, self._batcher = instance, key, model, batcher
        self._lock = asyncio.Lock()
        self._first: asyncio.Task[None] | None = None
        self.images_per_second: float | None = None

    async def handle(self, context: Context, request: SelfTestRequest) -> SelfTestResponse:
        """Answer the bus operation ``self-test``."""
        return await self.run(request.seconds, context.deadline)

    async def start(self) -> None:
        """Measure briefly in the background, so that the speed is known before anybody asks."""
        self._first = asyncio.create_task(self._measure_first())

    async def stop(self) -> None:
        """Break off the first measurement if it is not done."""
        await end([] if self._first is None else [self._first])

    async def _measure_first(self) -> None:
        answer = await self.run(_START_SECONDS, time.time() + _PATIENCE_SECONDS)
        for reason in answer.reasons:
            log.warning("self-test: %s", reason)

    async def run(self, seconds: float, deadline: float) -> SelfTestResponse:
        """Run the golden picture, then time full batches for at most ``seconds`` (one round at least).

        Other requests go on meanwhile and share the model, which the measured speed shows.
        """
        reasons: list[str] = []
        cosine: float | None = None
        async with self._lock:
            try:
                result = await self._batcher.submit_pixels(self._model.golden_pixels(), deadline=deadline)
                cosine = self._model.golden_cosine(result.vector)
                if not cosine >= self._model.golden_bound:
                    reasons.append(f"the golden cosine is {cosine:.5f}, below the bound of {self._model.golden_bound}")
                self.images_per_second = await self._speed(seconds, deadline)
            except DinoError as error:
                reasons.append(f"{error.message}. {error.details}")
        return SelfTestResponse(
            instance=self._instance,
            key=self._key,
            model_version=self._model.version,
            cosine=None if cosine is None else min(1.0, max(-1.0, cosine)),
            bound=self._model.golden_bound,
            passed=not reasons,
            images_per_second=self.images_per_second,
            reasons=reasons,
        )

    async def _speed(self, seconds: float, deadline: float) -> float:
        """Return pictures a second, with two batches always in the queue so that the model never waits."""
        pixels, size = self._model.golden_pixels(), self._batcher.full_batch
        began, done, rounds = time.perf_counter(), 0, 0
        while rounds == 0 or time.perf_counter() - began < seconds:
            await asyncio.gather(*(self._batcher.submit_pixels(pixels, deadline=deadline) for _ in range(2 * size)))
            if rounds == 0 and seconds > (first := time.perf_counter() - began):
                # The first round also warms up; it counts only where there is no time for another.
                began, seconds, rounds = time.perf_counter(), seconds - first, 1
                continue
            done, rounds = done + 2 * size, rounds + 1
        return round(done / (time.perf_counter() - began), 2)
