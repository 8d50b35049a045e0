from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from dino_local import supervisor as module
from dino_local.logs import Logs
from dino_local.offspring import Guard, group_alive
from dino_local.process import StartFailed
from dino_local.program import Program
from dino_local.supervisor import Supervisor

STAY = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"
)


@dataclass
class Bench:
    directory: Path
    screen: io.StringIO
    logs: Logs
    guard: Guard

    def program(self, name: str, code: str, kind: Literal["server", "service"] = "server") -> Program:
        async def check() -> None:
            text = (self.directory / f"{name}.log").read_text()
            assert "up" in text

        return Program(
            name=name,
            kind=kind,
            command=(sys.executable, "-c", code),
            environment=dict(os.environ),
            check=check,
            address="nowhere",
            directory=self.directory,
            start_seconds=10,
            stop_seconds=0.5,
        )


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    screen = io.StringIO()
    made = Bench(tmp_path, screen, Logs(tmp_path, screen=screen), Guard())
    yield made
    made.guard.close()
    made.logs.close()


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        await asyncio.sleep(0.01)


async def test_stops_in_reverse_order_and_leaves_nobody(bench: Bench) -> None:
    stages = ((bench.program("store", STAY),), (bench.program("api", STAY, "service"),))
    supervisor = Supervisor(stages, bench.logs, bench.guard)
    await supervisor.start()
    groups = [child.pid for child in supervisor._children.values()]
    text = bench.screen.getvalue()
    assert text.index("store ready") < text.index("api ready")
    await supervisor.stop()
    assert not any(group_alive(group) for group in groups)


async def test_child_that_ignores_sigterm_is_killed_and_said_so(bench: Bench) -> None:
    supervisor = Supervisor(((bench.program("stubborn", STUBBORN),),), bench.logs, bench.guard)
    await supervisor.start()
    pid = supervisor._children["stubborn"].pid
    await supervisor.stop()
    assert not group_alive(pid)
    assert "stubborn did not end within 0.5 s" in bench.screen.getvalue()


async def test_dead_child_is_started_again_and_said_so(bench: Bench) -> None:
    supervisor = Supervisor(((bench.program("api", STAY, "service"),),), bench.logs, bench.guard)
    await supervisor.start()
    first = supervisor._children["api"].pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: "ready again" in bench.screen.getvalue())
    assert supervisor._children["api"].pid != first
    assert "api was killed by SIGKILL" in bench.screen.getvalue()
    await supervisor.stop()


async def test_server_that_keeps_dying_ends_the_platform_with_its_last_words(bench: Bench) -> None:
    code = "import time; print('up, but the disk is full', flush=True); time.sleep(0.2)"
    supervisor = Supervisor(((bench.program("store", code),),), bench.logs, bench.guard)
    await supervisor.start()
    reason = await asyncio.wait_for(supervisor.failure(), 20)
    assert "store died 3 times" in reason
    assert "the disk is full" in reason
    await supervisor.stop()


async def test_program_that_ends_before_it_is_ready_fails_the_start_with_its_output(bench: Bench) -> None:
    code = "print('no such flag: --x'); raise SystemExit(3)"
    supervisor = Supervisor(((bench.program("store", code),),), bench.logs, bench.guard)
    with pytest.raises(StartFailed, match=r"status 3[\s\S]*no such flag"):
        await supervisor.start()
    await supervisor.stop()


async def test_grandchildren_go_with_their_parent(bench: Bench) -> None:
    code = (
        "import subprocess, sys, signal\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print('up', child.pid, flush=True); signal.pause()"
    )
    supervisor = Supervisor(((bench.program("parent", code, "service"),),), bench.logs, bench.guard)
    await supervisor.start()
    group = supervisor._children["parent"].pid
    await supervisor.stop()
    await until(lambda: not group_alive(group))
