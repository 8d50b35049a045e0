from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dino_local.logs import Logs, render
from dino_local.program import Program


async def passes() -> None:
    return


PROGRAM = Program("inference", "service", ("true",), {}, passes, "http://127.0.0.1:1", Path())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_line_becomes_readable() -> None:
    record = {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "message": "served", "seconds": 0.25}
    assert render(json.dumps(record), colour=False) == "03:04:05 INFO served seconds=0.25"


@pytest.mark.parametrize("line", ["plain text", "{not json", "[1, 2]", ""])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert render(line, colour=False) == line


def test_traceback_follows_on_its_own_lines() -> None:
    record = {"level": "ERROR", "message": "failed", "exc_info": "Traceback:\n  boom"}
    assert render(json.dumps(record), colour=False).splitlines() == ["ERROR failed", "Traceback:", "  boom"]


def test_terminal_gets_prefix_and_colour_and_the_file_gets_the_line(tmp_path: Path) -> None:
    screen = Terminal()
    logs = Logs(tmp_path, screen=screen)
    line = json.dumps({"level": "WARNING", "message": "slow"})
    logs.child(PROGRAM, line)
    logs.close()
    assert "inference" in screen.getvalue()
    assert "\x1b[33mWARNING\x1b[0m" in screen.getvalue()
    assert (tmp_path / "inference.log").read_text() == line + "\n"


def test_pipe_gets_the_raw_line_without_colour(tmp_path: Path) -> None:
    screen = io.StringIO()
    logs = Logs(tmp_path, screen=screen)
    line = json.dumps({"level": "INFO", "message": "served"})
    logs.child(PROGRAM, line)
    logs.close()
    assert line in screen.getvalue()
    assert "\x1b" not in screen.getvalue()


def test_unremarkable_server_lines_go_to_the_file_only(tmp_path: Path) -> None:
    import re

    screen = io.StringIO()
    server = replace(PROGRAM, name="nats", notable=re.compile(r"\[ERR\]"))
    for verbose, shown in ((False, False), (True, True)):
        logs = Logs(tmp_path, verbose=verbose, screen=screen)
        logs.child(server, "[INF] listening")
        logs.close()
        assert ("[INF] listening" in screen.getvalue()) is shown
    logs = Logs(tmp_path, screen=screen)
    logs.child(server, "[ERR] disk full")
    logs.close()
    assert "[ERR] disk full" in screen.getvalue()
