"""How long a job is in each of its stages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from dino_common import metrics
from dino_common.bus.job_context import JobContext
from dino_video.stretch.counting import counted


class _Noted:
    """Stands for every instrument, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, dict[str, Any]]] = []

    def add(self, value: float, labels: dict[str, Any] | None = None) -> None:
        self.told.append((value, labels or {}))

    record = add


def job_of(ended: list[tuple[str, float]]) -> JobContext:
    return JobContext("r", 0.0, job_id="j", on_stage=lambda stage, seconds: ended.append((stage, seconds)))


async def test_a_stage_ends_with_the_next_one_and_the_last_with_the_attempt():
    ended: list[tuple[str, float]] = []
    job = job_of(ended)
    await job.advance(0, 4, "decoding")
    await job.advance(2, 4, "decoding")
    assert ended == []
    await asyncio.sleep(0)
    await job.advance(0, 2, "finding shots")
    assert [stage for stage, _ in ended] == ["decoding"]
    job.leave()
    assert [stage for stage, _ in ended] == ["decoding", "finding shots"]
    assert all(seconds >= 0 for _, seconds in ended)
    job.leave()
    assert len(ended) == 2


async def test_a_job_that_tells_no_stage_ends_none():
    ended: list[tuple[str, float]] = []
    job_of(ended).leave()
    assert ended == []


def test_stages_that_differ_by_a_number_are_one(monkeypatch: pytest.MonkeyPatch):
    job_metrics = metrics.JobMetrics()
    stages = _Noted()
    monkeypatch.setattr(job_metrics, "_stages", stages)
    job_metrics.stage("generate", "judging picture 3", 1.5)
    assert stages.told == [(1.5, {"operation": "generate", "stage": "judging picture"})]


@pytest.mark.parametrize("taken", [0, 7, 25, 60, 100])
def test_every_decoded_frame_is_counted_once_also_of_a_stretch_that_is_left(
    taken: int, monkeypatch: pytest.MonkeyPatch
):
    frames = _Noted()
    video = metrics.video_metrics()
    monkeypatch.setattr(video, "_frames", frames)
    stretch: Iterator[int] = counted(iter(range(100)), "track-objects")
    assert [next(stretch) for _ in range(taken)] == list(range(taken))
    del stretch
    assert sum(value for value, _ in frames.told) == taken
    assert all(labels == {"operation": "track-objects"} for _, labels in frames.told)
