"""One platform per data directory: an exclusive lock on ``var/.lock`` that also says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil


class AlreadyRunning(RuntimeError):
    """Raised when another process uses the same data directory."""


class DataLock:
    """Holds the data directory for this process; the kernel releases it however the process ends.

    The guard process inherits the descriptor, so after a ``kill -9`` the directory stays locked until the
    last server of the killed run is gone.

    Args:
        directory: the data directory, made when absent.
        patience: seconds to wait for a killed run's servers to end before refusing.
    """

    def __init__(self, directory: Path, patience: float = 15.0) -> None:
        """Remember where the lock lies."""
        self._path = directory / ".lock"
        self._patience = patience
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """File descriptor of the held lock, for a child that must hold it too."""
        assert self._descriptor is not None, "the lock is not held"
        return self._descriptor

    def __enter__(self) -> DataLock:
        """Take the lock or raise ``AlreadyRunning`` with the holder's process id and address."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._acquire(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        self.describe(None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def describe(self, address: str | None) -> None:
        """Write who holds the lock, for the message that a second start prints."""
        text = json.dumps({"pid": os.getpid(), "address": address}).encode()
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text, 0)

    def _acquire(self, descriptor: int) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = self._holder(descriptor)
                pid = holder.get("pid")
                alive = isinstance(pid, int) and psutil.pid_exists(pid)
                if alive or time.monotonic() > deadline:
                    raise AlreadyRunning(self._refusal(holder, alive)) from None
            time.sleep(0.1)

    def _holder(self, descriptor: int) -> dict[str, Any]:
        try:
            content = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def _refusal(self, holder: dict[str, Any], alive: bool) -> str:
        where = self._path.parent
        pid = holder.get("pid")
        if not alive:
            return f"{where} is still held by the servers of a run that was killed; try again in a moment"
        address = holder.get("address")
        serving = f", serving {address}" if address else ", still starting"
        return (
            f"already running: process {pid}{serving}, with its data in {where}. Stop it first "
            f"(Ctrl-C there, or: kill {pid}), or choose another directory with --var."
        )
