"""Where a process spends its time while it is under load: py-spy's samples, summed by function."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

PY_SPY = Path(sys.executable).parent / "py-spy"
_IDLE = ("select (selectors.py", "epoll_wait", "wait (threading.py", "_worker (concurrent/futures/thread.py")


async def profile(pid: int, seconds: int, top: int = 14) -> dict:
    """Sample a process; return its functions with the most time of their own, and beneath them, in per cent.

    Raises RuntimeError when py-spy may not look into the process.
    """
    output = Path(tempfile.mkstemp(suffix=".folded")[1])
    process = await asyncio.create_subprocess_exec(
        str(PY_SPY), "record", "--pid", str(pid), "--duration", str(seconds), "--rate", "200", "--format", "raw",
        "--output", str(output),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaints = await process.communicate()
    text = await asyncio.to_thread(output.read_text)
    await asyncio.to_thread(output.unlink)
    if process.returncode != 0 or not text:
        raise RuntimeError(f"py-spy: {complaints.decode(errors='replace')[-300:]}")
    return summed(text, top)


def summed(folded: str, top: int) -> dict:
    """Sum py-spy's folded stacks (``a;b;c count`` a line) by function."""
    own: Counter[str] = Counter()
    beneath: Counter[str] = Counter()
    samples = 0
    for line in folded.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [_named(frame) for frame in stack.split(";")]
        if any(frames[-1].startswith(idle) for idle in _IDLE):
            continue
        samples += int(count)
        own[frames[-1]] += int(count)
        for frame in set(frames):
            beneath[frame] += int(count)
    share = {name: round(100 * count / max(1, samples), 1) for name, count in own.most_common(top)}
    whole = {name: round(100 * count / max(1, samples), 1) for name, count in beneath.most_common(60)}
    return {"samples": samples, "own_percent": share, "beneath_percent": whole}


def _named(frame: str) -> str:
    """``name (path/file.py:12)`` without the line."""
    name, _, place = frame.partition(" (")
    return f"{name} ({place.rpartition(':')[0] or place.rstrip(')')})" if place else name
