from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from dino_video.stretch.flow import Stop, flowing


async def test_items_come_in_order_and_no_more_than_asked_ahead():
    made: list[int] = []

    def items(stop: Stop) -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    found, ahead = [], 0
    async with flowing(items, waiting=2) as coming:
        async for item in coming:
            found.append(item)
            ahead = max(ahead, len(made) - len(found))
    assert found == list(range(20))
    assert ahead <= 3


async def test_leaving_ends_the_thread_also_when_it_waits_for_room():
    stopped = threading.Event()

    def items(stop: Stop) -> Iterator[int]:
        try:
            number = 0
            while not stop():
                yield number
                number += 1
        finally:
            stopped.set()

    async with flowing(items) as coming:
        async for item in coming:
            if item == 3:
                break
    assert stopped.is_set()


async def test_what_the_iterator_raises_is_raised_where_its_item_would_come():
    def items(stop: Stop) -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    found = []

    async def use() -> None:
        async with flowing(items) as coming:
            async for item in coming:
                found.append(item)

    with pytest.raises(ValueError, match="broken"):
        await use()
    assert found == [1]


async def test_a_cancelled_user_leaves_no_thread_behind():
    going, stopped = threading.Event(), threading.Event()

    def items(stop: Stop) -> Iterator[int]:
        going.set()
        while not stop():
            pass
        stopped.set()
        yield 0

    async def use() -> None:
        async with flowing(items) as coming:
            async for _ in coming:
                pass

    task = asyncio.create_task(use())
    await asyncio.to_thread(going.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped.is_set()


async def test_more_films_than_a_pool_has_threads_all_go_on():
    def items(stop: Stop) -> Iterator[int]:
        yield from range(5)

    async def use() -> int:
        total = 0
        async with flowing(items) as coming:
            async for item in coming:
                total += await asyncio.to_thread(lambda item=item: item)
        return total

    assert await asyncio.gather(*(use() for _ in range(60))) == [10] * 60
