"""Works beside the service: a child process answers as a thread does, tells how far it is, and can be ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from tests.unit.analytics.sets.made import planted

from dino_analytics.sets import beside
from dino_analytics.sets.beside import work_on
from dino_analytics.sets.shared_rows import descriptor, mapped, shared_rows
from dino_common.errors import ProcessingFailed

OPTIONS = {"method": "density", "k": None, "min_size": 4, "alike": 0.5}


def shared(sizes: list[int]) -> np.ndarray:
    rows, _ = planted(sizes)
    out = shared_rows(*rows.shape)
    out[:] = rows
    return out


async def silent(share: float, stage: str) -> None:
    pass


async def test_a_child_answers_as_a_thread_does():
    rows = shared([30, 20, 10])
    told: list[float] = []

    async def tell(share: float, stage: str) -> None:
        told.append(share)

    here = await work_on("clusters", rows, OPTIONS, silent)
    there = await work_on("clusters", rows, OPTIONS, tell, small=0)
    assert [m.tolist() for m in there["members"]] == [m.tolist() for m in here["members"]]
    assert there["silhouette"] == pytest.approx(here["silhouette"])
    assert told == sorted(told)
    assert told[-1] > 0.5


async def test_a_cancelled_work_ends_its_process(monkeypatch):
    started: list[asyncio.subprocess.Process] = []
    original = asyncio.create_subprocess_exec

    async def remembered(*command, **options):
        started.append(await original(*command, **options))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", remembered)
    heard = asyncio.Event()

    async def tell(share: float, stage: str) -> None:
        heard.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(work_on("patterns", shared([400] * 5), PATTERNS, tell, small=0))
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert started[0].returncode is not None


PATTERNS = {"neighbours": 5, "min_size": 4, "alike": 0.5, "seed": 0}


async def test_a_child_that_dies_is_a_typed_error(monkeypatch):
    monkeypatch.setattr(beside.sys, "executable", "/bin/false")
    with pytest.raises(ProcessingFailed):
        await work_on("clusters", shared([10, 10]), OPTIONS, silent, small=0)


def test_another_mapping_sees_the_same_rows():
    rows = shared([5, 4])
    np.testing.assert_array_equal(mapped(descriptor(rows), *rows.shape), rows)
    np.testing.assert_array_equal(mapped(descriptor(rows[:3]), 3, rows.shape[1]), rows[:3])
    with pytest.raises(ValueError, match="shared memory"):
        descriptor(rows[1:])
    with pytest.raises(ValueError, match="shared memory"):
        descriptor(np.zeros((2, 2), np.float32))


def test_memory_is_given_back_with_the_matrix():
    def handles() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = handles()
    for _ in range(20):
        shared_rows(10, 10)
    assert handles() <= before + 2
