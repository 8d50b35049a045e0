"""Readiness is honest: a full queue is no fault while the model works, and one when it does not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
from tests.integration.stores.conftest import Until

from dino_common.settings import Settings
from dino_common.stores.mongo import Mongo
from dino_inference import readiness as module
from dino_inference.batcher import Batcher
from dino_inference.readiness import Readiness
from dino_inference.visual_model import VisualModel

LIMIT = 3


@pytest.fixture
async def batcher(settings: Settings, model: VisualModel) -> AsyncIterator[Batcher]:
    running = Batcher(model, settings.model_copy(update={"queue_limit": LIMIT}))
    await running.start()
    yield running
    await running.stop()


async def test_full_queue_counts_by_whether_the_model_goes_on(
    batcher: Batcher, model: VisualModel, mongo: Mongo, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    readiness = Readiness(model, batcher, mongo)
    assert await readiness.reasons() == []
    pixels = np.zeros((*model.input_size, 3), np.uint8)
    await batcher.submit_pixels(pixels)
    gate = threading.Event()
    batcher._forward_thread.submit(gate.wait)
    waiting = [asyncio.create_task(batcher.submit_pixels(pixels, deadline=time.time() + 30)) for _ in range(LIMIT)]
    try:
        looks: list[list[str]] = []

        async def said_broken() -> bool:
            looks.append(await readiness.reasons())
            return bool(looks[-1])

        await until(said_broken)
        # The first look after a finished batch finds nothing wrong; the next one finds that nothing went on.
        assert looks[0] == []
        assert "full" in looks[-1][0]
    finally:
        gate.set()
    await asyncio.gather(*waiting)

    async def ready_again() -> bool:
        return await readiness.reasons() == []

    await until(ready_again)


async def test_status_answers_while_the_golden_picture_waits(
    batcher: Batcher, model: VisualModel, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
):
    """The operation has three seconds; the queue may be longer."""
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    readiness = Readiness(model, batcher, mongo)
    assert await readiness.reasons() == []
    gate = threading.Event()
    batcher._forward_thread.submit(gate.wait)
    try:
        assert await asyncio.wait_for(readiness.reasons(), 2) == []
        assert await asyncio.wait_for(readiness.reasons(), 2) == []
    finally:
        gate.set()
