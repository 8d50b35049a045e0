"""Batches grow with the load, nobody waits for nothing, and one bad picture fails alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from tests.unit.inference.pictures import encode, photograph

from dino_common.errors import (
    DeadlineExceeded,
    GpuMemoryError,
    InvalidFileFormat,
    InvalidRequest,
    ProcessingFailed,
    ServiceUnavailable,
)
from dino_inference.batcher import Batcher, Result
from dino_inference.core.card import ImageSpec, ModelCard
from dino_inference.core.engines.memory import forward_or_split
from dino_inference.core.engines.protocol import Tokens
from dino_inference.visual_model import VisualModel

SIDE = 8
CARD = ModelCard(
    name="counting",
    source="test",
    licence="none",
    architecture="dinov2",
    weights_sha256="0" * 64,
    dimension=2,
    patch_size=4,
    layers=1,
    image=ImageSpec(height=SIDE, width=SIDE, mean=(0, 0, 0), std=(1, 1, 1)),
)


class CountingEngine:
    """An engine small enough to steer: its feature is a picture's brightness; a gate holds the forward pass."""

    name = device = "test"
    precision = "fp32"
    useful_batch = 4
    worth_waiting = False

    def __init__(self, failure: Callable[[np.ndarray], None] | None = None) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self._failure = failure

    def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
        self.entered.set()
        assert self.gate.wait(20)
        self.sizes.append(len(pixels))
        if self._failure is not None:
            self._failure(pixels)
        light = pixels.reshape(len(pixels), -1).mean(axis=1)
        tokens = np.repeat(light[:, None, None], 4, axis=1).astype(np.float16) if patches else None
        return Tokens(np.stack([light, 255 - light], axis=1).astype(np.float32), tokens)


@dataclass(frozen=True)
class Limits:
    max_batch_delay_ms: float = 0.0
    queue_limit: int = 64
    decode_threads: int = 2


@asynccontextmanager
async def running(engine: CountingEngine, limits: Limits | None = None) -> AsyncIterator[Batcher]:
    batcher = Batcher(VisualModel(CARD, engine), limits or Limits())
    await batcher.start()
    try:
        yield batcher
    finally:
        engine.gate.set()
        await batcher.stop()


def picture(light: int = 100) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), light, dtype=np.uint8)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (the condition changes in another thread)
            await asyncio.sleep(0)


async def held(batcher: Batcher, engine: CountingEngine) -> asyncio.Task[Result]:
    """Submit one picture and return while the model is busy with it."""
    engine.gate.clear()
    engine.entered.clear()
    task = asyncio.create_task(batcher.submit_pixels(picture()))
    await until(engine.entered.is_set)
    return task


async def test_pictures_that_wait_for_the_model_join_one_batch() -> None:
    engine = CountingEngine()
    async with running(engine) as batcher:
        first = await held(batcher, engine)
        others = [asyncio.create_task(batcher.submit_pixels(picture(n))) for n in (10, 20, 30, 40, 50)]
        await until(lambda: batcher.depth == 6)
        engine.gate.set()
        results = await asyncio.gather(first, *others)
    assert engine.sizes == [1, 4, 1]
    assert [r.batch_size for r in results] == [1, 4, 4, 4, 4, 1]
    expected = np.array([30, 225]) / np.hypot(30, 225)
    assert np.allclose(results[3].vector, expected, atol=1e-6)


async def test_an_encoded_picture_is_decoded_and_timed() -> None:
    async with running(CountingEngine()) as batcher:
        result = await batcher.submit(encode(photograph("coffee")))
    assert result.pixels.shape == (SIDE, SIDE, 3)
    assert result.decode_seconds > 0
    assert np.isclose(np.linalg.norm(result.vector), 1.0, atol=1e-6)


async def test_patches_go_only_to_those_who_asked() -> None:
    engine = CountingEngine()
    async with running(engine) as batcher:
        first = await held(batcher, engine)
        plain = asyncio.create_task(batcher.submit_pixels(picture()))
        dense = asyncio.create_task(batcher.submit_pixels(picture(), patches=True))
        await until(lambda: batcher.depth == 3)
        engine.gate.set()
        await first
        assert (await plain).patches is None
        tokens = (await dense).patches
    assert tokens is not None
    assert tokens.dtype == np.float16


async def test_a_full_queue_refuses_with_the_time_to_come_back() -> None:
    engine = CountingEngine()
    async with running(engine, Limits(queue_limit=2)) as batcher:
        first = await held(batcher, engine)
        second = asyncio.create_task(batcher.submit_pixels(picture()))
        await until(lambda: batcher.depth == 2)
        with pytest.raises(ServiceUnavailable) as refusal:
            await batcher.submit_pixels(picture())
        assert refusal.value.retry_after is not None
        assert refusal.value.retry_after >= 1
        engine.gate.set()
        await asyncio.gather(first, second)
        assert (await batcher.submit_pixels(picture())).batch_size == 1


async def test_a_deadline_that_passes_in_the_queue_is_answered_then_and_never_computed() -> None:
    engine = CountingEngine()
    async with running(engine) as batcher:
        first = await held(batcher, engine)
        with pytest.raises(DeadlineExceeded):
            await batcher.submit_pixels(picture(), deadline=time.time() + 0.05)
        assert not first.done()
        engine.gate.set()
        await first
    assert engine.sizes == [1]


async def test_a_deadline_already_past_is_never_decoded() -> None:
    async with running(CountingEngine()) as batcher:
        with pytest.raises(DeadlineExceeded):
            await batcher.submit(b"not even a picture", deadline=time.time() - 1)


async def test_a_picture_that_cannot_be_decoded_fails_alone() -> None:
    async with running(CountingEngine()) as batcher:
        good = encode(photograph("coffee"))
        outcomes = await asyncio.gather(
            batcher.submit(good), batcher.submit(good[:500]), batcher.submit(good), return_exceptions=True
        )
    assert isinstance(outcomes[1], InvalidFileFormat)
    assert isinstance(outcomes[0], Result)
    assert isinstance(outcomes[2], Result)


async def test_a_picture_that_breaks_the_model_fails_alone() -> None:
    def fail(pixels: np.ndarray) -> None:
        if (pixels[:, 0, 0, 0] == 13).any():
            raise RuntimeError("bad luck")

    engine = CountingEngine(fail)
    async with running(engine) as batcher:
        first = await held(batcher, engine)
        tasks = [asyncio.create_task(batcher.submit_pixels(picture(n))) for n in (12, 13, 14)]
        await until(lambda: batcher.depth == 4)
        engine.gate.set()
        outcomes = await asyncio.gather(first, *tasks, return_exceptions=True)
    assert [type(o) for o in outcomes] == [Result, Result, ProcessingFailed, Result]


async def test_a_feature_that_is_not_finite_is_an_error() -> None:
    class Broken(CountingEngine):
        def forward(self, pixels: np.ndarray, *, patches: bool = False) -> Tokens:
            return Tokens(np.full((len(pixels), 2), np.nan, np.float32), None)

    async with running(Broken()) as batcher:
        with pytest.raises(ProcessingFailed, match="finite"):
            await batcher.submit_pixels(picture())


async def test_a_stop_answers_what_was_accepted_and_refuses_the_rest() -> None:
    engine = CountingEngine()
    async with running(engine) as batcher:
        accepted = [await held(batcher, engine)]
        accepted += [asyncio.create_task(batcher.submit_pixels(picture())) for _ in range(6)]
        await until(lambda: batcher.depth == 7)
        stopping = asyncio.create_task(batcher.stop())
        await asyncio.sleep(0)
        with pytest.raises(ServiceUnavailable):
            await batcher.submit_pixels(picture())
        assert not stopping.done()
        engine.gate.set()
        assert all(isinstance(result, Result) for result in await asyncio.gather(*accepted))
        await stopping
    assert batcher.depth == 0


async def test_a_caller_who_leaves_frees_its_place() -> None:
    engine = CountingEngine()
    async with running(engine) as batcher:
        first = await held(batcher, engine)
        leaver = asyncio.create_task(batcher.submit_pixels(picture()))
        await until(lambda: batcher.depth == 2)
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        assert batcher.depth == 1
        engine.gate.set()
        await first
    assert engine.sizes == [1]


async def test_an_idle_engine_that_gains_from_batches_waits_for_the_second_picture() -> None:
    class Patient(CountingEngine):
        worth_waiting = True

    engine = Patient()
    slow, quick = encode(photograph("hubble_deep_field"), "PNG"), picture()
    async with running(engine, Limits(max_batch_delay_ms=1000)) as batcher:
        results = await asyncio.gather(batcher.submit(slow), batcher.submit_pixels(quick))
        began = time.perf_counter()
        alone = await batcher.submit_pixels(quick)
    assert [r.batch_size for r in results] == [2, 2]
    # Nothing else was accepted, so there was nobody to wait for.
    assert alone.batch_size == 1
    assert time.perf_counter() - began < 0.5


async def test_pixels_of_another_shape_are_refused() -> None:
    async with running(CountingEngine()) as batcher:
        with pytest.raises(InvalidRequest):
            await batcher.submit_pixels(np.zeros((4, 4, 3), np.uint8))


def out_of_memory_above(limit: int) -> tuple[Callable[[np.ndarray], Tokens], list[int]]:
    sizes: list[int] = []

    def forward(pixels: np.ndarray) -> Tokens:
        sizes.append(len(pixels))
        if len(pixels) > limit:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return Tokens(pixels.reshape(len(pixels), -1)[:, :2].astype(np.float32), None)

    return forward, sizes


def test_out_of_memory_halves_the_batch_once() -> None:
    forward, sizes = out_of_memory_above(4)
    released: list[bool] = []
    pixels = np.arange(7 * 12, dtype=np.uint8).reshape(7, 2, 2, 3)
    tokens = forward_or_split(forward, pixels, lambda: released.append(True))
    assert sizes == [7, 4, 3]
    assert released == [True]
    assert np.array_equal(tokens.cls, pixels.reshape(7, -1)[:, :2])


@pytest.mark.parametrize(("limit", "count"), [(2, 7), (0, 1)])
def test_out_of_memory_twice_is_a_typed_error(limit: int, count: int) -> None:
    forward, sizes = out_of_memory_above(limit)
    with pytest.raises(GpuMemoryError):
        forward_or_split(forward, np.zeros((count, 2, 2, 3), np.uint8), lambda: None)
    assert len(sizes) <= 2


async def test_out_of_memory_reaches_every_picture_of_the_batch() -> None:
    def fail(pixels: np.ndarray) -> None:
        raise GpuMemoryError("the accelerator's memory does not hold 2 pictures at once")

    async with running(CountingEngine(fail)) as batcher:
        outcomes = await asyncio.gather(*(batcher.submit_pixels(picture()) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, GpuMemoryError) for outcome in outcomes)
