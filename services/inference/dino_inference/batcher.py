"""Dynamic batching: pictures are decoded in threads beside the forward pass, and join the next batch.

A request is accepted or refused at once (bounded queue), decoded in a thread pool, and waits for the one
thread that runs the model. That thread takes whatever is ready when it becomes free, so batches grow with
the load and a lone request pays no waiting, except on engines that gain from a fuller batch: there an idle
model waits up to the set delay.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dino_common.errors import DeadlineExceeded, InvalidRequest, ServiceUnavailable
from dino_common.metrics import InferenceMetrics, inference_metrics
from dino_inference.batch_forward import Forwarded, forward_each
from dino_inference.visual_model import VisualModel

log = logging.getLogger(__name__)


class BatcherSettings(Protocol):
    """What the batcher needs of the settings."""

    @property
    def max_batch_delay_ms(self) -> float: ...  # noqa: D102
    @property
    def queue_limit(self) -> int: ...  # noqa: D102
    @property
    def decode_threads(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Result:
    """One picture's features, and where its time went.

    ``vector`` is float32 (dimension,) of length 1, ``length`` what it was before; ``patches`` float16 (patches,
    dimension) or None; ``pixels`` the uint8 (height, width, 3) that the model saw. ``queue_seconds`` runs from decoded
    to the start of the forward pass.
    """

    vector: np.ndarray
    length: float
    patches: np.ndarray | None
    pixels: np.ndarray
    batch_size: int
    decode_seconds: float
    queue_seconds: float
    forward_seconds: float


@dataclass(slots=True)
class _Waiting:
    pixels: np.ndarray
    patches: bool
    deadline: float | None
    since: float
    answer: asyncio.Future[tuple[Forwarded, float]]


class Batcher:
    """Feeds one model. Create, ``start`` and ``stop`` it on the event loop that submits to it.

    Attributes:
        forwards: batches that the model has finished.
    """

    def __init__(self, model: VisualModel, settings: BatcherSettings) -> None:
        """Read the limits; no thread runs before ``start``."""
        self._model = model
        self._max_batch = min(model.batch_size, model.engine.useful_batch)
        self._delay = settings.max_batch_delay_ms / 1000 if model.engine.worth_waiting else 0.0
        self._limit = settings.queue_limit
        self._decoders = ThreadPoolExecutor(settings.decode_threads or os.cpu_count() or 1, "decode")
        self._forward_thread = ThreadPoolExecutor(1, "forward")
        self._ready: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._metrics: InferenceMetrics = inference_metrics()
        self._loop_task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._depth = 0
        self.forwards = 0
        self._closing = False
        self._seconds_a_picture = 0.05
        self._metrics.queue_depth.set(lambda: self._depth)
        self._metrics.queue_limit.set(self._limit)

    @property
    def depth(self) -> int:
        """Number of accepted pictures without an answer yet."""
        return self._depth

    @property
    def full_batch(self) -> int:
        """Pictures of a full batch, as far as the queue lets so many wait twice."""
        return max(1, min(self._max_batch, self._limit // 4))

    async def start(self) -> None:
        """Begin to run batches."""
        self._loop_task = asyncio.create_task(self._run(), name="batcher")

    async def stop(self) -> None:
        """Refuse new pictures, answer all that were accepted, then end the threads."""
        self._closing = True
        await self._idle.wait()
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        self._decoders.shutdown(wait=False)
        self._forward_thread.shutdown(wait=False)

    async def submit(self, data: bytes, *, deadline: float | None = None, patches: bool = False) -> Result:
        """Decode a picture and compute its features; ``deadline`` is in seconds since the epoch.

        Raises ServiceUnavailable (queue full, draining; with ``retry_after``), DeadlineExceeded,
        InvalidFileFormat, FileTooLarge, GpuMemoryError, ProcessingFailed.
        """
        return await self._accepted(lambda: self._model.preprocess(data), deadline, patches)

    async def submit_pixels(
        self, pixels: np.ndarray, *, deadline: float | None = None, patches: bool = False
    ) -> Result:
        """Compute the features of a picture already fitted to the model, uint8 (height, width, 3).

        Raises InvalidRequest for another shape or type, else as ``submit``.
        """
        expected = (*self._model.input_size, 3)
        if pixels.dtype != np.uint8 or pixels.shape != expected:
            raise InvalidRequest(f"pixels are {pixels.dtype} {pixels.shape}; the model takes uint8 {expected}")
        return await self._accepted(None, deadline, patches, pixels)

    async def _accepted(
        self,
        decode: Callable[[], np.ndarray] | None,
        deadline: float | None,
        patches: bool,
        pixels: np.ndarray | None = None,
    ) -> Result:
        self._admit()
        try:
            async with asyncio.timeout(None if deadline is None else deadline - time.time()):
                return await self._process(decode, deadline, patches, pixels)
        except TimeoutError as error:
            raise DeadlineExceeded("the picture's features were not ready within the deadline") from error
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._idle.set()

    def _admit(self) -> None:
        if self._closing or self._loop_task is None:
            raise ServiceUnavailable("the inference service is stopping", retry_after=1.0)
        if self._depth >= self._limit:
            wait = min(60.0, max(1.0, round(self._depth * self._seconds_a_picture, 1)))
            raise ServiceUnavailable(f"the inference queue is full ({self._limit} pictures)", retry_after=wait)
        self._depth += 1
        self._idle.clear()

    async def _process(
        self,
        decode: Callable[[], np.ndarray] | None,
        deadline: float | None,
        patches: bool,
        pixels: np.ndarray | None,
    ) -> Result:
        loop = asyncio.get_running_loop()
        decode_seconds = 0.0
        if decode is not None:
            pixels, decode_seconds = await loop.run_in_executor(self._decoders, _timed, decode, deadline)
            self._metrics.decode.record(decode_seconds)
        assert pixels is not None
        waiting = _Waiting(pixels, patches, deadline, time.perf_counter(), loop.create_future())
        self._ready.put_nowait(waiting)
        forwarded, queue_seconds = await waiting.answer
        return Result(
            forwarded.vector,
            forwarded.length,
            forwarded.patches,
            pixels,
            forwarded.batch_size,
            decode_seconds,
            queue_seconds,
            forwarded.seconds,
        )

    async def _run(self) -> None:
        while True:
            batch = [item for item in await self._collect() if _still_wanted(item)]
            if batch:
                await self._forward(batch)

    async def _collect(self) -> list[_Waiting]:
        """Take what is ready, at most a batch; wait for the first, and up to the delay for the rest."""
        batch = [await self._ready.get()]
        until = batch[0].since + self._delay
        while len(batch) < self._max_batch:
            if not self._ready.empty():
                batch.append(self._ready.get_nowait())
                continue
            left = until - time.perf_counter()
            # Nobody can join while nothing else is accepted.
            if left <= 0 or self._depth <= len(batch):
                break
            try:
                async with asyncio.timeout(left):
                    batch.append(await self._ready.get())
            except TimeoutError:
                break
        return batch

    async def _forward(self, batch: list[_Waiting]) -> None:
        began = time.perf_counter()
        waits = [began - item.since for item in batch]
        pixels = [item.pixels for item in batch]
        wanted = [item.patches for item in batch]
        loop = asyncio.get_running_loop()
        outcomes = await loop.run_in_executor(self._forward_thread, forward_each, self._model, pixels, wanted)
        seconds = time.perf_counter() - began
        self.forwards += 1
        self._seconds_a_picture += 0.1 * (seconds / len(batch) - self._seconds_a_picture)
        self._metrics.batch_size.record(len(batch))
        self._metrics.images.add(len(batch))
        self._metrics.forward.record(seconds)
        for item, outcome, wait in zip(batch, outcomes, waits, strict=True):
            self._metrics.queue_wait.record(wait)
            if item.answer.done():
                continue  # The caller gave up while the model ran.
            if isinstance(outcome, Exception):
                item.answer.set_exception(outcome)
            else:
                item.answer.set_result((outcome, wait))


def _timed(decode: Callable[[], np.ndarray], deadline: float | None) -> tuple[np.ndarray, float]:
    if deadline is not None and time.time() >= deadline:
        raise DeadlineExceeded("the deadline passed before the picture was decoded")
    began = time.perf_counter()
    return decode(), time.perf_counter() - began


def _still_wanted(item: _Waiting) -> bool:
    if item.answer.done():
        return False
    if item.deadline is not None and time.time() >= item.deadline:
        item.answer.set_exception(DeadlineExceeded("the deadline passed before the model was free"))
        return False
    return True
