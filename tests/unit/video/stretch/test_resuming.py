"""Both jobs, broken off twice, end with exactly what one worker finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.unit.video.films import encoded, moving

from dino_common.bus.job_context import JobContext
from dino_common.contracts.tracking import ObjectStart
from dino_common.errors import AssetNotFound
from dino_video.core.media.facts import probe
from dino_video.core.media.limits import MediaLimits
from dino_video.scoring.answer import NAMES, scored
from dino_video.scoring.findings import Wanted
from dino_video.scoring.run import Scoring
from dino_video.stretch import segments as segments_module
from dino_video.stretch.anew import begun_anew
from dino_video.stretch.film import FilmStretch
from dino_video.stretch.look import Looked, ModelChanged
from dino_video.stretch.sampling import stretch_of
from dino_video.stretch.segments import Segments
from dino_video.tracking.courses import Courses
from dino_video.tracking.follow import Following
from dino_video.tracking.starts import starts_of


class Killed(BaseException):
    """The worker ended in the middle."""


class Bucket:
    """The part of an object store that segments need."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    async def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        self.held[key] = data

    async def get_bytes(self, key: str, limit: int) -> bytes:
        if key not in self.held:
            raise AssetNotFound(key)
        return self.held[key]

    async def delete_below(self, prefix: str, limit: int) -> int:
        found = [key for key in self.held if key.startswith(prefix)][:limit]
        for key in found:
            del self.held[key]
        return len(found)


class Sight:
    """Features that are colours and brightness of small cells: a model that needs no process."""

    def __init__(self, changes_at: int | None = None) -> None:
        self.model, self.model_version = "", ""
        self.looked, self._changes_at = 0, changes_at

    async def look(self, pixels: np.ndarray) -> Looked:
        version = "cells@1" if self._changes_at is None or self.looked < self._changes_at else "cells@2"
        if self.model_version and version != self.model_version:
            self._changes_at = 0
            raise ModelChanged(f"{self.model_version} became {version}")
        self.model, self.model_version = "cells", version
        self.looked += len(pixels)
        cells = pixels.reshape(len(pixels), 16, 20, 16, 20, 3).astype(np.float32)
        level = np.full((len(cells), 16, 16, 1), 9.0, np.float32)
        patches = np.concatenate([cells.mean(axis=(2, 4)), cells.std(axis=(2, 4)), level], axis=3)
        vectors = patches.mean(axis=(1, 2))
        return Looked(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), patches.astype(np.float32))


@pytest.fixture(scope="module")
def film() -> bytes:
    return encoded([*moving(4, 25), *moving(9, 17, speed=2)])


def stretch(film: bytes, per_second: float) -> FilmStretch:
    facts = probe(BytesIO(film))
    films: Any = SimpleNamespace(open=lambda record: BytesIO(film))
    record: Any = SimpleNamespace(asset_id="film")
    return FilmStretch(record, facts, stretch_of(facts, start_time=0.4, per_second=per_second), films, MediaLimits())


class Worker:
    """Runs one job, and dies after so many checkpoints."""

    def __init__(self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(segments_module, "KEEP_EVERY", 0.0)
        monkeypatch.setattr(segments_module, "WORK_PER_KEEPING", 0.0)
        self.bucket, self.checkpoint, self.kept = bucket, None, 0

    def job(self, dies_after: int | None = None) -> tuple[JobContext, Segments]:
        begun = self.kept

        async def tell(progress: Any, checkpoint: Any) -> None:
            if checkpoint is not None:
                self.checkpoint, self.kept = checkpoint, self.kept + 1
            if dies_after is not None and self.kept - begun >= dies_after:
                raise Killed

        job = JobContext("request", 1e12, None, "job", job_id="job", checkpoint=self.checkpoint, tell=tell)
        store: Any = self.bucket
        return job, Segments(store, "sha", "job", 1)


async def followed(
    film: bytes, job: JobContext, segments: Segments, sight: Any = None, resume: bool = True
) -> list[Any]:
    named = stretch(film, 25)
    starts = starts_of([ObjectStart(box=[10, 10, 30, 30]), ObjectStart(box=[50, 5, 40, 40])], named.facts)
    eye = sight or Sight()
    following = Following(named, Courses(starts, named.facts, "rle"), eye, segments, job)
    await following.run(resume)
    return [following.courses.items, following.truncated_at, following.eye.model_version]


async def measured(film: bytes, job: JobContext, segments: Segments, resume: bool = True) -> list[Any]:
    eye: Any = Sight()
    scoring = Scoring(stretch(film, 25), Wanted(True, True, True), 0.3, eye, segments, job)
    await scoring.run(resume)
    fields = scored(scoring, NAMES, None, per_shot=True)
    told = [[fields[name]["score"], *(list(column) for column in fields[name]["timeline"].values())] for name in NAMES]
    return [told, fields["shots"]]


@pytest.mark.parametrize("run", [followed, measured])
async def test_another_worker_ends_with_the_same_result(film, run: Callable, monkeypatch):
    whole = await run(film, *Worker(Bucket(), monkeypatch).job())
    bucket = Bucket()
    worker = Worker(bucket, monkeypatch)
    for dies_after in (1, 2):
        with pytest.raises(Killed):
            await run(film, *worker.job(dies_after))
    job, segments = worker.job()
    assert len(job.checkpoint["segments"]) == len(bucket.held) == 3
    # Of a worker that had lost the job without knowing: written, but never named.
    bucket.held["scratch/shots/sha/jobs/job/00003-stray"] = b"stray"
    assert await run(film, job, segments) == whole
    await segments.forget()
    assert not bucket.held


async def test_a_lost_segment_begins_the_film_anew(film, monkeypatch):
    whole = await measured(film, *Worker(Bucket(), monkeypatch).job())
    worker = Worker(Bucket(), monkeypatch)
    with pytest.raises(Killed):
        await measured(film, *worker.job(2))
    del worker.bucket.held[max(worker.bucket.held)]
    job, segments = worker.job()
    found = await begun_anew(lambda resume: measured(film, job, segments, resume), segments, job, "scoring")
    assert found == whole


async def test_a_change_of_the_model_begins_the_film_anew(film, monkeypatch):
    job, segments = Worker(Bucket(), monkeypatch).job()
    sight = Sight(changes_at=12)
    tries = []

    async def work(resume: bool) -> list[Any]:
        tries.append(resume)
        sight.model_version = ""
        return await followed(film, job, segments, sight, resume)

    items, _, version = await begun_anew(work, segments, job, "tracking")
    assert tries == [True, False]
    assert version == "cells@2"
    assert [len(one) for one in items] == [32, 32]


@pytest.mark.parametrize("run", [followed, measured])
async def test_a_header_that_declares_too_little_does_not_end_the_job(film, run: Callable, monkeypatch):
    told = []
    whole = probe(BytesIO(film))
    monkeypatch.setattr("tests.unit.video.stretch.test_resuming.probe", lambda source: replace(whole, duration_s=1.0))
    job, segments = Worker(Bucket(), monkeypatch).job()

    async def tell(progress: Any, checkpoint: Any) -> None:
        told.append(progress)

    job.tell = tell
    await run(film, job, segments)
    assert max(progress.done for progress in told) == 32
    assert all(progress.total is None or progress.done <= progress.total for progress in told)
