"""Each key once, one worker at a time, later ones later, failing ones ever later."""

from __future__ import annotations

import asyncio

import pytest

from dino_operator.control.queue import WorkQueue

A, B = ("default", "a"), ("default", "b")


async def take(queue: WorkQueue) -> tuple[str, str]:
    async with asyncio.timeout(2):
        return await queue.get()


async def test_a_key_added_twice_is_worked_on_once() -> None:
    queue = WorkQueue()
    queue.add(A)
    queue.add(A)
    queue.add(B)
    assert {await take(queue), await take(queue)} == {A, B}
    assert len(queue) == 0


async def test_a_key_is_worked_on_by_one_at_a_time_and_comes_back_after() -> None:
    queue = WorkQueue()
    queue.add(A)
    assert await take(queue) == A
    queue.add(A)
    queue.add(B)
    assert await take(queue) == B
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.done(A)
    assert await asyncio.wait_for(waiting, 2) == A


async def test_the_earlier_time_counts() -> None:
    queue = WorkQueue()
    queue.add(A, 60)
    queue.add(B, 0.02)
    queue.add(A, 0.01)
    queue.add(A, 30)
    assert [await take(queue), await take(queue)] == [A, B]
    assert len(queue) == 0


async def test_a_failing_key_waits_longer_each_time_and_success_begins_anew() -> None:
    queue = WorkQueue(first_wait=0.5, longest_wait=4)
    waits = [queue.failed(A) for _ in range(8)]
    for wait, most in zip(waits, [0.5, 1, 2, 4, 4, 4, 4, 4], strict=True):
        assert most / 2 <= wait <= most
    queue.succeeded(A)
    assert queue.failed(A) <= 0.5


async def test_what_is_due_overtakes_a_failing_key() -> None:
    queue = WorkQueue(first_wait=60, longest_wait=60)
    queue.add(A)
    assert await take(queue) == A
    queue.failed(A)
    queue.add(A)
    queue.done(A)
    assert await take(queue) == A


async def test_every_worker_gets_its_share() -> None:
    queue = WorkQueue()
    taken: list[tuple[str, str]] = []
    most = running = 0
    finished = asyncio.Event()

    async def work() -> None:
        nonlocal most, running
        while True:
            key = await queue.get()
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            taken.append(key)
            running -= 1
            queue.done(key)
            if len(taken) == 100:
                finished.set()

    workers = [asyncio.create_task(work()) for _ in range(4)]
    keys = [("default", str(number)) for number in range(100)]
    for key in keys:
        queue.add(key)
    async with asyncio.timeout(5):
        await finished.wait()
    for worker in workers:
        worker.cancel()
    assert sorted(taken) == sorted(keys)
    assert most == 4


async def test_a_forgotten_key_is_due_no_more() -> None:
    queue = WorkQueue()
    queue.add(A)
    queue.forget(A)
    queue.add(B, 0.01)
    assert await take(queue) == B
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await queue.get()
