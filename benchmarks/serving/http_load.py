"""Runs the load generator and condenses what it measured."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgpack
import orjson


class LoadFailed(RuntimeError):
    """Raised when a contestant answered anything but 200: a benchmark of errors says nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One closed-loop run. Times in milliseconds; ``cpu_ms`` is what the load generator itself used a request."""

    clients: int
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    load_cpu_ms: float


def post(url: str, body: bytes, content_type: str) -> bytes:
    """Return the bytes of a POST request to ``url``."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def connects(url: str) -> None:
    """Raise OSError unless somebody listens there."""
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.close()


async def load(url: str, requests: Sequence[bytes], clients: int, count: int | None = None) -> tuple[Measured, dict]:
    """Send ``count`` requests (each once when left out) by so many clients; return the figures and one answer's JSON.

    Raises LoadFailed when a single request failed.
    """
    parts = urlsplit(url)
    count = len(requests) if count is None else count
    plan = {
        "host": parts.hostname,
        "port": parts.port,
        "requests": list(requests),
        "clients": min(clients, count),
        "count": count,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.serving.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await process.communicate(msgpack.packb(plan))
    if process.returncode != 0:
        raise LoadFailed(f"the load generator failed: {complaints.decode(errors='replace').strip()[-500:]}")
    result = orjson.loads(output)
    if result["failed"] or len(result["latencies"]) != count:
        raise LoadFailed(f"{url}: {result['failed']} of {count} requests failed: {result['errors']}")
    milliseconds = sorted(1000 * seconds for seconds in result["latencies"])
    measured = Measured(
        clients=clients,
        requests=count,
        per_second=count / result["wall"],
        p50_ms=statistics.median(milliseconds),
        p99_ms=milliseconds[min(count - 1, int(0.99 * count))],
        load_cpu_ms=1000 * result["cpu"] / count,
    )
    return measured, orjson.loads(result["first_answer"])
