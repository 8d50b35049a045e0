"""``dino upload``: many files, faults, output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import Answer, StandIn, error, example

from dino_common.contracts.assets import EXAMPLE_ID, EXAMPLE_ID_2

UPLOAD = example("upload-media")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    for name in ("a.jpg", "b.PNG", "notes.txt", "deeper/c.webp"):
        (folder / name).write_bytes(name.encode() * 100)
    return folder


def test_directory_is_uploaded_flat_or_recursively(run: Run, gateway: StandIn, pictures: Path) -> None:
    gateway.answer("POST", "/upload-media", UPLOAD)
    flat = run("upload", str(pictures), "--json")
    assert [Path(item["path"]).name for item in json.loads(flat.stdout)["items"]] == ["a.jpg", "b.PNG"]
    deep = run("upload", str(pictures), "-r", "--json")
    assert json.loads(deep.stdout)["uploaded"] == 3


def test_pattern_tags_and_metadata_arrive(run: Run, gateway: StandIn, pictures: Path) -> None:
    gateway.answer("POST", "/upload-media", UPLOAD)
    result = run("upload", f"{pictures}/**/*.webp", "-t", "hero", "-t", "x", "-m", "scene=12", "-m", "who=ann")
    assert result.exit_code == 0, result.stderr
    form = gateway.seen[0].form()
    assert form["tags"] == [b'["hero", "x"]']
    assert json.loads(form["metadata"][0]) == {"scene": 12, "who": "ann"}


def test_table_names_the_asset_and_the_duplicate(run: Run, gateway: StandIn, pictures: Path) -> None:
    gateway.answer("POST", "/upload-media", UPLOAD | {"duplicate_of": EXAMPLE_ID_2})
    result = run("upload", str(pictures / "a.jpg"))
    assert EXAMPLE_ID in result.stdout
    assert EXAMPLE_ID_2[:8] in result.stdout
    assert "1 of 1 uploaded" in result.stderr


def test_wait_extracts_features_and_leaves_the_vector_out(run: Run, gateway: StandIn, pictures: Path) -> None:
    gateway.answer("POST", "/upload-media", UPLOAD)
    gateway.answer("POST", "/extract-features", example("extract-features"))
    result = run("upload", str(pictures / "a.jpg"), "--wait", "--json")
    (item,) = json.loads(result.stdout)["items"]
    assert item["features"]["dimension"] == 384
    assert "features" not in item["features"]


def test_one_bad_file_does_not_stop_the_others(run: Run, gateway: StandIn, pictures: Path) -> None:
    bad = error(400, "INVALID_FILE_FORMAT", "notes.txt is not a picture")
    gateway.answer("POST", "/upload-media", bad, Answer(200, UPLOAD))
    result = run("upload", str(pictures / "notes.txt"), str(pictures / "a.jpg"), "-p", "1", "--json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    assert (data["uploaded"], data["failed"]) == (1, 1)
    assert data["items"][0]["error"]["code"] == "INVALID_FILE_FORMAT"
    assert data["items"][0]["error"]["request_id"] == "req-77"


def test_no_more_than_the_given_number_run_at_once(run: Run, gateway: StandIn, pictures: Path) -> None:
    gate = threading.Event()
    gateway.answer("POST", "/upload-media", Answer(200, UPLOAD, wait_for=gate))
    results = []
    thread = threading.Thread(target=lambda: results.append(run("upload", str(pictures), "-r", "-p", "2", "--json")))
    thread.start()
    # Two are held at the gate; a third could only come if the bound did not hold.
    assert gateway.wait_for_requests(2)
    assert not gateway.wait_for_requests(3, seconds=0.3)
    gate.set()
    thread.join(20)
    assert results[0].exit_code == 0
    assert len(gateway.seen) == 3


def test_wrong_arguments_are_usage_errors(run: Run, pictures: Path) -> None:
    for arguments in (["nowhere.jpg"], ["*.nothing"], [str(pictures / "deeper"), "-m", "scene"]):
        result = run("upload", *arguments)
        assert result.exit_code == 2, arguments
        assert result.stderr.startswith("error: ")


def test_interrupt_ends_a_hanging_upload_at_once(gateway: StandIn, pictures: Path) -> None:
    never = threading.Event()
    gateway.answer("POST", "/upload-media", Answer(200, UPLOAD, wait_for=never))
    command = [sys.executable, "-m", "dino_cli.app", "upload", str(pictures), "--json", "--url", gateway.url]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ},
        # A shell's background jobs ignore SIGINT, and so would everything they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert gateway.wait_for_requests(1)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=10)
    never.set()
    assert process.returncode == 130
    assert json.loads(stdout)["interrupted"] is True
    assert b"Traceback" not in stderr
