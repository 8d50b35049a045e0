"""What to start: a command with its environment, its health check and how long it may take."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Program:
    """One child process.

    Args:
        name: prefix of its log lines and name of its log file.
        kind: ``server`` (stores and bus) or ``service`` (ours).
        command: program and arguments.
        environment: its whole environment.
        check: returns when the program does its work, raises while it does not.
        address: shown once it is ready.
        directory: working directory, made when absent.
        start_seconds: how long the first successful check may take.
        stop_seconds: how long it may take to end after SIGTERM.
        notable: which of its log lines reach the terminal; all of them reach the log file.
    """

    name: str
    kind: Literal["server", "service"]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    check: Check
    address: str
    directory: Path
    start_seconds: float = 30.0
    stop_seconds: float = 10.0
    notable: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
