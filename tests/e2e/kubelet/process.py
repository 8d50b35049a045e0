"""One run of a container: a process that leads its own group, with its output in a file."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from dino_local.offspring import Guard, die_with_parent

# What FallbackToLogsOnError takes at most.
MESSAGE_LINES, MESSAGE_BYTES = 80, 2048
START_ERROR = 128


class Run:
    """A started process.

    Args:
        process: what was started.
        log: file with its output.
        guard: ends the process group when this kubelet is killed.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path, guard: Guard) -> None:
        """Watch over the process group."""
        self._process = process
        self._guard = guard
        self.log = log
        guard.watch(process.pid)

    @classmethod
    async def start(cls, command: list[str], environment: dict[str, str], where: Path, log: Path, guard: Guard) -> Run:
        """Start a command.

        Raises:
            OSError: there is no such program.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=environment,
                cwd=where,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        return cls(process, log, guard)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for the end, end what it left behind, and return the status as containers have it (128 + signal)."""
        code = await self._process.wait()
        self._signal_group(signal.SIGKILL)
        self._guard.forget(self._process.pid)
        return code if code >= 0 else 128 - code

    async def stop(self, grace: float) -> None:
        """Send SIGTERM, and SIGKILL to the whole group when ``grace`` seconds were not enough."""
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(max(0.0, grace)):
                await self._process.wait()
        except TimeoutError:
            self._signal_group(signal.SIGKILL)
            await self._process.wait()

    def message(self) -> str:
        """Return the end of the log, as much as a status may carry."""
        text = "\n".join(self.log.read_text(errors="replace").splitlines()[-MESSAGE_LINES:])
        return text[-MESSAGE_BYTES:]

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
