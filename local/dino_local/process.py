"""One running child: started in its own process group, its lines collected, stopped politely and then not."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from dino_local.offspring import Guard, die_with_parent
from dino_local.program import Program

LineSink = Callable[[Program, str], None]
TAIL_LINES = 40
# A line longer than this is cut by asyncio's reader; log lines with a traceback stay far below.
LINE_LIMIT = 1 << 20


class StartFailed(RuntimeError):
    """Raised when a program ended, or did not become healthy in time; the message holds its last lines."""


class Child:
    """A program's process.

    Args:
        program: what to run.
        sink: called with each output line; when None the output goes straight to ``log_file``, so that no
            event loop is needed to keep the child from blocking.
        log_file: file that ``sink``-less output is appended to.
        guard: ends the child should this process be killed.
    """

    def __init__(
        self,
        program: Program,
        *,
        sink: LineSink | None = None,
        log_file: Path | None = None,
        guard: Guard | None = None,
    ) -> None:
        """Prepare; nothing runs yet."""
        if (sink is None) == (log_file is None):
            raise ValueError("a child's output goes either to a sink or to a file")
        self.program = program
        self._sink = sink
        self._log_file = log_file
        self._guard = guard
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._reaped = False

    @property
    def pid(self) -> int:
        """Process id, which is also its process group."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def return_code(self) -> int | None:
        """Exit status; negative for a signal, None while it runs."""
        return None if self._process is None else self._process.returncode

    def tail(self) -> list[str]:
        """Return the last output lines, oldest first."""
        if self._log_file is not None and self._log_file.exists():
            return self._log_file.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return list(self._tail)

    async def start(self) -> None:
        """Start the process.

        Raises:
            StartFailed: the program is not there or may not be executed.
        """
        self.program.directory.mkdir(parents=True, exist_ok=True)
        output = self._output()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                cwd=self.program.directory,
                env=dict(self.program.environment),
                start_new_session=True,
                preexec_fn=die_with_parent(),
                limit=LINE_LIMIT,
            )
        except OSError as error:
            raise StartFailed(f"{self.program.name} cannot be started: {error}") from error
        finally:
            if not isinstance(output, int):
                output.close()
        if self._guard is not None:
            self._guard.watch(self._process.pid)
        if self._sink is not None:
            self._reader = asyncio.create_task(self._read(self._process, self._sink))

    async def wait(self) -> int:
        """Wait for the end of the process and return its exit status."""
        process = self._running()
        status = await process.wait()
        if self._reaped:
            return status
        self._reaped = True
        # Whatever it left in its process group goes too; later the number may be somebody else's.
        self._signal_group(process.pid, signal.SIGKILL)
        if self._reader is not None:
            # Grandchildren may keep the pipe open: what the process itself wrote is there at once.
            await asyncio.wait([self._reader], timeout=1)
            self._reader.cancel()
        if self._guard is not None:
            self._guard.forget(process.pid)
        return status

    async def wait_ready(self) -> float:
        """Wait until the program's check passes; return the seconds it took.

        Raises:
            StartFailed: it ended first, or its time ran out.
        """
        started = time.monotonic()
        pause, reason = 0.02, "no check was made"
        while time.monotonic() - started < self.program.start_seconds:
            if not self.alive:
                await self.wait()
                raise StartFailed(self._report(f"ended with status {self.return_code} before it was ready"))
            try:
                await asyncio.wait_for(self.program.check(), timeout=10)
                return time.monotonic() - started
            except Exception as error:  # whatever a client library raises while its server starts
                reason = f"{type(error).__name__}: {error}"
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        seconds = self.program.start_seconds
        raise StartFailed(self._report(f"was not ready after {seconds:g} s, last check: {reason}"))

    async def stop(self) -> bool:
        """Stop the group with SIGTERM, after its grace with SIGKILL; tell whether the first was enough."""
        if self._process is None:
            return True
        polite = True
        if self.alive:
            self.signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), self.program.stop_seconds)
            except TimeoutError:
                polite = False
                self.signal(signal.SIGKILL)
        await self.wait()
        return polite

    def signal(self, number: int) -> None:
        """Send a signal to the whole process group; nothing happens once the process has ended."""
        if self.alive:
            self._signal_group(self.pid, number)

    async def _read(self, process: asyncio.subprocess.Process, sink: LineSink) -> None:
        assert process.stdout is not None
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:  # longer than the limit: asyncio has dropped the part it held
                continue
            if not raw:
                return
            line = raw.decode(errors="replace").rstrip("\n")
            self._tail.append(line)
            sink(self.program, line)

    @staticmethod
    def _signal_group(group: int, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)

    def _output(self) -> int | BinaryIO:
        if self._log_file is None:
            return PIPE
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        return self._log_file.open("ab")

    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, f"{self.program.name} was not started"
        return self._process

    def _report(self, what: str) -> str:
        lines = "\n".join(f"    {line}" for line in self.tail()[-20:])
        return f"{self.program.name} {what}" + (f"\n{lines}" if lines else "")
