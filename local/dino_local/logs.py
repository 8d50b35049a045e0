"""Log lines of the children: all of them to files, the telling ones to the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from dino_local.program import Program

RESET, DIM, BOLD, RED, YELLOW = "\x1b[0m", "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[33m"
COLOURS = {
    "nats": "\x1b[36m",
    "redis": "\x1b[31m",
    "mongo": "\x1b[32m",
    "objects": "\x1b[33m",
    "inference": "\x1b[95m",
    "video": "\x1b[96m",
    "analytics": "\x1b[92m",
    "gateway": "\x1b[94m",
    "platform": "\x1b[1m",
}
WIDTH = max(map(len, COLOURS))
# A log file that has grown past this is set aside when the platform starts.
LARGEST_FILE = 20 * 1024 * 1024
TIME_KEYS = ("timestamp", "time", "asctime", "ts")
LEVEL_KEYS = ("level", "levelname", "severity")
MESSAGE_KEYS = ("message", "msg", "event")
# Said elsewhere on the line, or of use only to machines.
REDUNDANT = ("service", "logger", "taskName", "span_id", "instance")
HIDDEN_KEYS = frozenset((*TIME_KEYS, *LEVEL_KEYS, *MESSAGE_KEYS, *REDUNDANT))


def render(line: str, colour: bool) -> str:
    """Return a JSON log line as ``12:34:56 LEVEL message key=value``; any other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        record = json.loads(line)
    except ValueError:
        return line
    if not isinstance(record, dict):
        return line
    message, level = _first(record, MESSAGE_KEYS), _first(record, LEVEL_KEYS).upper()
    stamp = _first(record, TIME_KEYS)
    clock = stamp[11:19] if len(stamp) >= 19 and stamp[10] in "T " else stamp
    trace = record.get("exc_info") or record.get("stack_info")
    fields = " ".join(
        f"{key}={_short(value)}"
        for key, value in record.items()
        if key not in HIDDEN_KEYS and key not in ("exc_info", "stack_info") and value not in (None, "")
    )
    if colour:
        shade = {"WARNING": YELLOW, "ERROR": RED, "CRITICAL": RED}.get(level, "")
        level = f"{shade}{level}{RESET}" if shade else level
        clock, fields = f"{DIM}{clock}{RESET}", f"{DIM}{fields}{RESET}" if fields else ""
    text = " ".join(part for part in (clock, level, message, fields) if part)
    return f"{text}\n{trace}" if trace else text


def _first(record: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((str(record[key]) for key in keys if key in record), "")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


class Logs:
    """Takes every line of every child.

    Args:
        directory: where each child's whole output is kept, one file each.
        verbose: show every line of the servers too, not only the notable ones.
        screen: where lines are shown; colours and readable JSON only when it is a terminal.
    """

    def __init__(self, directory: Path, verbose: bool = False, screen: TextIO = sys.stdout) -> None:
        """Open nothing yet; files are opened when their child first writes."""
        self._directory = directory
        self._verbose = verbose
        self._screen = screen
        self._terminal = screen.isatty()
        self._files: dict[str, TextIO] = {}

    def child(self, program: Program, line: str) -> None:
        """Take one line of a child's output."""
        file = self._file(program.name)
        file.write(line + "\n")
        file.flush()
        if self._verbose or program.notable.search(line):
            self._show(program.name, render(line, colour=True) if self._terminal else line)

    def say(self, text: str) -> None:
        """Show a line of the platform itself."""
        file = self._file("platform")
        file.write(text + "\n")
        file.flush()
        self._show("platform", text)

    def banner(self, text: str) -> None:
        """Show lines without a prefix."""
        self._write(text + "\n")

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _show(self, name: str, text: str) -> None:
        prefix = f"{name:<{WIDTH}} | "
        if self._terminal:
            prefix = f"{COLOURS.get(name, '')}{prefix}{RESET}"
        self._write("".join(f"{prefix}{line}\n" for line in text.splitlines()))

    def _write(self, text: str) -> None:
        try:
            self._screen.write(text)
            self._screen.flush()
        except (BrokenPipeError, ValueError):
            # The reader of our output is gone (`make run | head`); the files still take everything.
            self._screen = Path("/dev/null").open("w")  # noqa: SIM115

    def _file(self, name: str) -> TextIO:
        if name not in self._files:
            self._directory.mkdir(parents=True, exist_ok=True)
            path = self._directory / f"{name}.log"
            if path.exists() and path.stat().st_size > LARGEST_FILE:
                path.replace(path.with_suffix(".log.1"))
            self._files[name] = path.open("a", encoding="utf-8")
        return self._files[name]
