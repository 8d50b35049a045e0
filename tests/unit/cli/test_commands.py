"""Every other command: what it asks, what it prints, and that --json is nothing but JSON."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.unit.cli.answers import CONFIG, HEALTH, JOB_ID, MODELS, QUALITY, SIMILAR, job
from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import Answer, StandIn, error, example

from dino_common.contracts.assets import EXAMPLE_ID, EXAMPLE_ID_2

VERDICT = example("validate-consistency")


@pytest.fixture
def answering(gateway: StandIn) -> StandIn:
    """A stand-in with an answer for every command."""
    gateway.answer("GET", "/assets", {"items": [], "next_cursor": None})
    gateway.answer("POST", "/upload-media", example("upload-media"))
    gateway.answer("POST", "/validate-consistency", VERDICT)
    gateway.answer("POST", "/analyze-quality", QUALITY)
    gateway.answer("POST", "/find-similar", SIMILAR)
    gateway.answer("GET", "/config", CONFIG)
    gateway.answer("GET", "/models", MODELS)
    gateway.answer("GET", "/jobs", {"items": [job("running", 0.5)], "next_cursor": None})
    gateway.answer("GET", f"/jobs/{JOB_ID}", job("succeeded", 1.0))
    gateway.answer("DELETE", f"/jobs/{JOB_ID}", job("running", 0.5))
    return gateway


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", EXAMPLE_ID, EXAMPLE_ID_2),
        ("quality", EXAMPLE_ID),
        ("similar", EXAMPLE_ID),
        ("assets", "list"),
        ("config", "get"),
        ("models", "show"),
        ("jobs", "list"),
        ("jobs", "show", JOB_ID),
        ("jobs", "cancel", JOB_ID),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("width", ["80", "120"])
def test_json_is_pure_and_the_table_fits(run: Run, answering: StandIn, arguments: tuple[str, ...], width: str) -> None:
    machine = run(*arguments, "--json")
    assert machine.exit_code == 0, machine.stderr
    assert isinstance(json.loads(machine.stdout), dict)
    people = run(*arguments, COLUMNS=width)
    assert people.exit_code == 0
    assert max(map(len, people.stdout.splitlines())) <= int(width)
    assert "Traceback" not in people.output


def test_compare_uploads_files_and_sends_threshold(run: Run, answering: StandIn, tmp_path: Path) -> None:
    picture = tmp_path / "take.jpg"
    picture.write_bytes(b"bytes")
    result = run("compare", EXAMPLE_ID_2, str(picture), "--threshold", "60", "--category", "shoes")
    assert result.exit_code == 0, result.stderr
    (lookup,) = answering.requests("GET", "/assets")
    assert lookup.query["sha256"] == hashlib.sha256(b"bytes").hexdigest()
    (asked,) = answering.requests("POST", "/validate-consistency")
    assert asked.json == {
        "reference_asset_id": EXAMPLE_ID_2,
        "test_asset_id": EXAMPLE_ID,
        "threshold": 60,
        "category": "shoes",
    }
    for shown in ("the same", "87.5", "41.0", "calibrated with the model", "0.93", "high"):
        assert shown in result.stdout


def test_file_that_the_platform_has_is_not_sent_again(run: Run, answering: StandIn, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"bytes")
    answering.answer("GET", "/assets", {"items": [{"asset_id": EXAMPLE_ID_2}], "next_cursor": None})
    assert run("quality", "a.jpg").exit_code == 0
    assert not answering.requests("POST", "/upload-media")
    assert answering.requests("POST", "/analyze-quality")[0].json["asset_id"] == EXAMPLE_ID_2


def test_neither_file_nor_id_is_a_usage_error_before_anything_is_sent(run: Run, answering: StandIn) -> None:
    result = run("compare", EXAMPLE_ID, "nowhere.jpg")
    assert result.exit_code == 2
    assert "nowhere.jpg is neither a file nor an asset id" in result.stderr
    assert not answering.seen


def test_quality_shows_grade_bars_and_advice(run: Run, answering: StandIn) -> None:
    text = run("quality", EXAMPLE_ID).stdout
    for shown in ("fair", "55.5", "misses 70 (default)", "█████", "Use a tripod."):
        assert shown in text


def test_similar_sends_filters(run: Run, answering: StandIn) -> None:
    result = run("similar", EXAMPLE_ID, "-n", "3", "--tag", "hero", "--kind", "image", "--metadata", "scene=12")
    assert "near.jpg" in result.stdout
    asked = answering.requests("POST", "/find-similar")[0].json
    assert asked["limit"] == 3
    assert asked["filters"] == {"tags_all": ["hero"], "kind": "image", "metadata": {"scene": 12}}


def test_health_that_is_not_well_fails_but_is_shown_also_with_503(run: Run, gateway: StandIn) -> None:
    gateway.answer("GET", "/health", Answer(503, HEALTH))
    result = run("health")
    assert result.exit_code == 1
    assert "degraded" in result.stdout
    assert "Redis does not answer" in result.stdout
    assert len(gateway.seen) == 1
    gateway.answer("GET", "/health", Answer(200, HEALTH | {"status": "healthy"}))
    assert run("health", "--json").exit_code == 0


def test_config_set_sends_number_or_null(run: Run, gateway: StandIn) -> None:
    answer = {"previous_threshold": 85, "threshold": 80, "source": "setting"}
    gateway.answer("PUT", "/config/consistency-threshold", answer)
    assert "85 → 80" in run("config", "set", "consistency", "80").stdout
    assert run("config", "set", "consistency", "default").exit_code == 0
    assert [seen.json["threshold"] for seen in gateway.seen] == [80, None]
    for wrong in (("similarity", "80"), ("quality", "high"), ("colour", "1")):
        assert run("config", "set", *wrong).exit_code == 2
    assert len(gateway.seen) == 2


def test_delete_without_a_yes_is_refused_where_nobody_can_be_asked(run: Run, gateway: StandIn) -> None:
    gone = {"asset_id": EXAMPLE_ID, "deleted": True, "object_deleted": False}
    gateway.answer("DELETE", f"/assets/{EXAMPLE_ID}", gone)
    assert run("assets", "delete", EXAMPLE_ID).exit_code == 2
    assert not gateway.seen
    assert "shared" in run("assets", "delete", EXAMPLE_ID, "--yes").stdout


def test_listing_follows_pages_up_to_the_limit(run: Run, gateway: StandIn) -> None:
    pages = [{"items": [{"n": 1}] * 200, "next_cursor": "c2"}, {"items": [{"n": 2}] * 50, "next_cursor": "c3"}]
    gateway.answer("GET", "/assets", *[Answer(200, page) for page in pages])
    data = json.loads(run("assets", "list", "--limit", "250", "--json").stdout)
    assert (len(data["items"]), data["next_cursor"]) == (250, "c3")
    assert [seen.query["limit"] for seen in gateway.seen] == ["200", "50"]


def test_follow_ends_with_the_job_and_its_result(run: Run, answering: StandIn) -> None:
    text = ": keep-alive\n\n"
    for status, fraction in (("running", 0.5), ("succeeded", 1.0)):
        text += f"event: progress\ndata: {json.dumps(job(status, fraction))}\n\n"
    answering.answer("GET", f"/jobs/{JOB_ID}/events", Answer(200, text.encode(), {"Content-Type": "text/event-stream"}))
    result = run("jobs", "follow", JOB_ID, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["result"] == {"answer": 42}


def test_follow_opens_a_broken_stream_again(run: Run, answering: StandIn) -> None:
    kind = {"Content-Type": "text/event-stream"}
    first, last = (f"data: {json.dumps(job(*at))}\n\n".encode() for at in (("running", 0.5), ("succeeded", 1.0)))
    answering.answer("GET", f"/jobs/{JOB_ID}/events", Answer(200, first, kind), Answer(200, last, kind))
    assert run("jobs", "follow", JOB_ID, "--json").exit_code == 0
    assert len(answering.requests("GET", f"/jobs/{JOB_ID}/events")) == 2


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [(404, "ASSET_NOT_FOUND", 1), (401, "UNAUTHORIZED", 4), (403, "FORBIDDEN", 4), (500, "PROCESSING_FAILED", 1)],
)
def test_errors_are_one_line_with_exit_code(run: Run, gateway: StandIn, status: int, code: str, exit_code: int) -> None:
    gateway.answer("GET", f"/assets/{EXAMPLE_ID}", error(status, code, "It went wrong"))
    result = run("assets", "show", EXAMPLE_ID)
    assert result.exit_code == exit_code
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: It went wrong.")
    assert "req-77" in line
    machine = run("assets", "show", EXAMPLE_ID, "--json")
    assert machine.exit_code == exit_code
    assert json.loads(machine.stdout)["error"]["code"] == code


def test_version_and_help_of_every_group(run: Run) -> None:
    assert run("--version").stdout.startswith("dino 0.")
    for group in ("upload", "compare", "quality", "similar", "assets", "jobs", "config", "models", "keys", "health"):
        assert run(group, "--help").exit_code == 0
