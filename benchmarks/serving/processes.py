"""Processes of the contestants: started in a group of their own, waited for, their processor time counted."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

START_SECONDS = 90.0


class StartFailed(RuntimeError):
    """Raised when a contestant ended, or did not answer in time; the message holds its last lines."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its living descendants."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
    return total


class Peer:
    """A server program of this package, running."""

    def __init__(self, module: str, arguments: list[str], environment: Mapping[str, str] | None = None) -> None:
        """Start ``python -m benchmarks.serving.<module>``; its output goes to a file that errors quote."""
        self._log = Path(tempfile.mkstemp(prefix=f"bench-{module}-", suffix=".log")[1])
        self._module = module
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"benchmarks.serving.{module}", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    async def wait(self, answers: Callable[[], Awaitable[object]]) -> None:
        """Wait until ``answers`` no longer raises; StartFailed when the process ends or takes too long."""
        end = asyncio.get_running_loop().time() + START_SECONDS
        while True:
            try:
                await answers()
                return
            except Exception as error:
                late = asyncio.get_running_loop().time() > end
                if late or self._process.poll() is not None:
                    tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
                    self.stop()
                    raise StartFailed(f"{self._module} does not answer ({error}); its last lines:\n{tail}") from error
            await asyncio.sleep(0.5)

    def cpu_seconds(self) -> float:
        """Processor time of the whole group so far."""
        return cpu_seconds(self._process.pid)

    def stop(self) -> None:
        """End the whole group: nothing here is worth a drain, and LitServe's workers outlive a SIGTERM."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.unlink(missing_ok=True)
