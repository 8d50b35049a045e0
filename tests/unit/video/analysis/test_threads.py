"""Nothing runs on unseen: a cancelled job's thread ends within a second, whatever it waits for."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any, cast

import pytest

from dino_common.stores.assets import AssetRecord
from dino_common.stores.objects import Objects
from dino_video.analysis import threads
from dino_video.analysis.film import Films
from dino_video.analysis.threads import run_stoppable


@dataclass
class SilentStore:
    """A store that takes requests and never answers."""

    asked: asyncio.Event

    async def stream(self, key: str, byte_range: Any) -> Any:
        self.asked.set()
        await asyncio.Event().wait()


async def nothing() -> None:
    """Tell nobody."""


async def cancelled(task: asyncio.Task[Any]) -> float:
    """Cancel and return how long it took to end."""
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - began


def film() -> AssetRecord:
    return AssetRecord(
        asset_id="a",
        sha256="0" * 64,
        object_key="k",
        content_type="video/mp4",
        filename="f.mp4",
        file_size=1 << 20,
        width=None,
        height=None,
        format="MP4",
        kind="video",
    )


async def test_a_read_that_waits_for_the_store_is_given_up():
    store = SilentStore(asyncio.Event())
    films = Films(cast("Objects", store))
    ended: list[BaseException] = []

    def work(stop) -> None:
        try:
            films.open(film(), stop).read(100)
        except BaseException as error:
            ended.append(error)
            raise

    task = asyncio.create_task(run_stoppable(work, nothing))
    await asyncio.wait_for(store.asked.wait(), 5)
    assert await cancelled(task) < 1
    assert isinstance(ended[0], InterruptedError)


async def test_work_that_asks_is_over_when_the_cancellation_is():
    begun, over = threading.Event(), threading.Event()

    def work(stop) -> None:
        begun.set()
        while not stop():
            time.sleep(0.001)
        over.set()

    task = asyncio.create_task(run_stoppable(work, nothing))
    await asyncio.to_thread(begun.wait, 5)
    assert await cancelled(task) < 1
    assert over.is_set()


async def test_a_failed_report_ends_the_work():
    over = threading.Event()

    def work(stop) -> None:
        while not stop():
            time.sleep(0.001)
        over.set()

    async def look() -> None:
        raise RuntimeError("the job is another worker's")

    with pytest.raises(RuntimeError, match="another worker"):
        await run_stoppable(work, look)
    assert over.is_set()


async def test_a_thread_that_hangs_does_not_keep_its_job_from_ending(monkeypatch, caplog):
    monkeypatch.setattr(threads, "_PATIENCE_SECONDS", 0.1)
    begun, released = threading.Event(), threading.Event()

    def work(stop) -> None:
        begun.set()
        released.wait(30)

    task = asyncio.create_task(run_stoppable(work, nothing))
    await asyncio.to_thread(begun.wait, 5)
    try:
        assert await cancelled(task) < 5
        assert "left behind" in caplog.text
    finally:
        released.set()
