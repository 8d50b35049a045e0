"""What works without a gateway: addresses, model directories, keys, files, the speed of the start."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.conftest import Run

from dino_cli.address import base_url
from dino_cli.backoff import LONGEST_WAIT, retry_after, wait_before
from dino_cli.failures import UsageFailure
from dino_cli.files import expand, parse_metadata
from dino_cli.job_events import parse_events
from dino_cli.shapes import bar


def test_address_is_the_option_then_the_local_platform_then_the_default(tmp_path: Path) -> None:
    assert base_url(None) == "http://localhost:3012/api/v1"
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "endpoints.json").write_text(json.dumps({"api_url": "http://127.0.0.1:4000"}))
    assert base_url(None) == "http://127.0.0.1:4000/api/v1"
    assert base_url("https://dino.example/api/v1/") == "https://dino.example/api/v1"
    with pytest.raises(UsageFailure):
        base_url("localhost:3012")


def test_key_commands_say_that_mongodb_does_not_answer(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"mongodb://user:hidden@127.0.0.1:{taken.getsockname()[1]}/x?serverSelectionTimeoutMS=200"
        result = run("keys", "list", "--json", MONGODB_URL=url)
    assert result.exit_code == 3
    assert "MONGODB_URL" in result.stderr
    assert "hidden" not in result.output
    assert json.loads(result.stdout)["error"]["code"] == "SERVICE_UNAVAILABLE"


def test_unknown_scope_is_a_usage_error(run: Run) -> None:
    assert run("keys", "create", "x", "--scopes", "read,root").exit_code == 2


def test_model_directory_is_checked_and_explained(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "model"
    directory.mkdir()
    missing = run("models", "pull", str(directory))
    assert missing.exit_code == 1
    assert "config.json is missing" in missing.stderr
    (directory / "config.json").write_text(json.dumps({"model_type": "dinov3_vit", "hidden_size": 384}))
    (directory / "preprocessor_config.json").write_text("{}")
    assert "model.safetensors is missing" in run("models", "pull", str(directory)).stderr
    (directory / "model.safetensors").write_bytes(b"12345678")
    data = json.loads(run("models", "pull", str(directory), "--json").stdout)
    assert (data["architecture"], data["dimension"], data["weight_bytes"]) == ("DINOv3 ViT", 384, 8)
    assert data["setting"] == {"DINOV3_MODEL_NAME": str(directory)}
    assert "DINOV3_MODEL_NAME=" in run("models", "pull", str(directory)).stdout
    (directory / "config.json").write_text(json.dumps({"model_type": "bert"}))
    assert "'bert'" in run("models", "pull", str(directory)).stderr


def test_same_file_named_twice_is_sent_once(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert expand([str(tmp_path / "a.jpg"), str(tmp_path), f"{tmp_path}/*.jpg"], recursive=False) == [
        tmp_path / "a.jpg"
    ]


def test_metadata_values_become_what_they_look_like() -> None:
    pairs = ["a=12", "b=1.5", "c=true", "d=null", "e=007", "f=x=y", "g=nan", "h="]
    expected = {"a": 12, "b": 1.5, "c": True, "d": None, "e": "007", "f": "x=y", "g": "nan", "h": ""}
    assert parse_metadata(pairs) == expected


@given(st.floats(-2, 3), st.integers(1, 40))
def test_bar_has_its_width_and_grows(fraction: float, width: int) -> None:
    assert len(bar(fraction, width)) == width
    assert bar(fraction, width).count("█") <= bar(fraction + 0.5, width).count("█")


@given(st.integers(2, 10), st.one_of(st.none(), st.floats(0, 1e9)))
def test_wait_is_bounded(attempt: int, told: float | None) -> None:
    assert 0 <= wait_before(attempt, told) <= LONGEST_WAIT


def test_retry_after_as_number_date_or_nonsense() -> None:
    assert retry_after({"retry-after": "7"}) == 7
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


def test_events_of_several_lines_are_joined() -> None:
    lines = [": hi", "event: done", "data: 1", "data:2", "", "data: x", ""]
    assert list(parse_events(lines)) == [("done", "1\n2"), ("message", "x")]


def test_help_imports_neither_torch_nor_the_stores() -> None:
    heavy = ("torch", "transformers", "pymongo", "httpx", "numpy", "pydantic", "nats")
    code = f"import sys, dino_cli.app; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
