from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from dino_common.stores.circuit import Circuit


async def _answer() -> int:
    return 1


async def _fail() -> int:
    raise RedisConnectionError("gone")


async def test_failure_opens_the_circuit_and_success_closes_it(caplog: pytest.LogCaptureFixture) -> None:
    circuit = Circuit("the thing", timeout=5, rest=60)
    assert not circuit.open
    for _ in range(3):
        with pytest.raises(RedisConnectionError):
            await circuit.attempt(_fail())
    assert circuit.open
    assert len(caplog.records) == 1
    assert await circuit.attempt(_answer()) == 1
    assert not circuit.open


async def test_circuit_closes_by_itself_after_its_rest() -> None:
    circuit = Circuit("the thing", timeout=5, rest=0)
    with pytest.raises(RedisConnectionError):
        await circuit.attempt(_fail())
    assert not circuit.open


async def test_call_that_hangs_is_ended() -> None:
    circuit = Circuit("the thing", timeout=0.01, rest=60)
    with pytest.raises(TimeoutError):
        await circuit.attempt(asyncio.Event().wait())
    assert circuit.open


async def test_fault_of_the_caller_passes_and_leaves_the_circuit_closed() -> None:
    async def wrong() -> None:
        raise ValueError("a bug")

    circuit = Circuit("the thing", timeout=5, rest=60)
    with pytest.raises(ValueError, match="a bug"):
        await circuit.attempt(wrong())
    assert not circuit.open
