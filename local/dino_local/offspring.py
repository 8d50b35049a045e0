"""Ties children to this process: none of them outlives it, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

PR_SET_PDEATHSIG = 1
# Seconds between asking a killed run's children to stop and ending them.
GRACE = 5.0


def die_with_parent() -> Callable[[], None] | None:
    """Return a ``preexec_fn`` that asks the kernel for SIGTERM when the parent ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded here, not in the child: between fork and exec only a system call is safe.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)

    return ask


class Guard:
    """A process of its own that outlives this one just long enough to end every child left behind.

    The kernel's parent-death signal reaches direct children only, may be ignored, and exists on Linux only;
    the guard ends whole process groups on every system.

    Args:
        keep_open: descriptors that stay open until the guard ends, such as the data directory's lock.
    """

    def __init__(self, keep_open: tuple[int, ...] = ()) -> None:
        """Start the guard."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=keep_open,
            start_new_session=True,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._process.pid

    def watch(self, pid: int) -> None:
        """Add a child that leads its own process group."""
        self._tell(f"+{pid}")

    def forget(self, pid: int) -> None:
        """Remove a child that has ended."""
        self._tell(f"-{pid}")

    def close(self) -> None:
        """End the guard; it ends whatever is still watched."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(GRACE + 5)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        # A guard that somebody ended is no reason to fail: the kernel's signal remains.
        with suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


def group_alive(group: int) -> bool:
    """Tell whether any process of the group exists."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_groups(groups: set[int], grace: float = GRACE) -> None:
    """Send SIGTERM to each process group, wait, then SIGKILL to what remains."""
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while any(group_alive(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def guard_until_end_of_input() -> None:
    """Follow the watched groups line by line; when the parent's end of the pipe closes, end them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line[0] == "+":
            watched.add(pid)
        else:
            watched.discard(pid)
    end_groups(watched)


if __name__ == "__main__":
    guard_until_end_of_input()
