"""The load generator: a process of its own that speaks bare HTTP/1.1 over kept-alive connections.

Reads a plan from standard input (msgpack: host, port, ready-made requests, clients, count), writes JSON to standard
output. Each client sends its next request when its answer is complete: a closed loop. Requests are bytes made
beforehand and answers are only delimited, so that this process costs a few per cent of what it measures; the ceiling
is measured against ``trivial_server`` and reported.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import cast

import msgpack
import uvloop


class Client(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, run: Run) -> None:
        """Take requests from the run."""
        self._run = run
        self._buffer = bytearray()
        self._sent = 0.0
        self._expected = -1
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for all the others."""
        # uvloop's transports are not asyncio's, but have its methods.
        self._transport = cast("asyncio.WriteTransport", transport)

    def begin(self) -> None:
        """Send the next request, or close."""
        assert self._transport is not None
        request = self._run.next_request()
        if request is None:
            self._transport.close()
            return
        self._expected = -1
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Collect an answer; when it is complete, note its time and go on."""
        buffer = self._buffer
        buffer += data
        if self._expected < 0:
            head = buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            self._expected = head + 4 + content_length(bytes(buffer[:head]))
        if len(buffer) < self._expected:
            return
        self._run.answered(time.perf_counter() - self._sent, bytes(buffer[: self._expected]))
        del buffer[: self._expected]
        self.begin()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the run; a connection that the server ended early is an error."""
        self._run.closed(error)


class Run:
    """Hands out requests and gathers answers."""

    def __init__(self, requests: list[bytes], count: int, clients: int) -> None:
        """``count`` requests are sent, in turn from ``requests``."""
        self._requests, self._count, self._open = requests, count, clients
        self._next = 0
        self.seconds: list[float] = []
        self.errors: list[str] = []
        self.first_answer = b""
        self.done = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes | None:
        """Return the next request, or None at the end."""
        if self._next >= self._count:
            return None
        self._next += 1
        return self._requests[(self._next - 1) % len(self._requests)]

    def answered(self, seconds: float, answer: bytes) -> None:
        """Note an answer."""
        self.seconds.append(seconds)
        if answer[9:12] != b"200":
            self.errors.append(answer[:300].decode("latin-1"))
        elif not self.first_answer:
            self.first_answer = answer.partition(b"\r\n\r\n")[2]

    def closed(self, error: Exception | None) -> None:
        """Note the end of a connection."""
        self._open -= 1
        if self._next < self._count or error is not None:
            self.errors.append(f"connection lost: {error}")
        if self._open == 0 and not self.done.done():
            self.done.set_result(None)


def content_length(head: bytes) -> int:
    """Return the declared length of an answer; raises ValueError when it declares none."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without content-length: {head!r}")


async def run(plan: dict) -> dict:
    """Open every connection, then start the clock and all clients at once."""
    loop = asyncio.get_running_loop()
    work = Run(plan["requests"], plan["count"], plan["clients"])
    clients = []
    for _ in range(plan["clients"]):
        _, client = await loop.create_connection(lambda: Client(work), plan["host"], plan["port"])
        clients.append(client)
    cpu, began = time.process_time(), time.perf_counter()
    for client in clients:
        client.begin()
    await work.done
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "latencies": work.seconds,
        "errors": work.errors[:5],
        "failed": len(work.errors),
        "first_answer": work.first_answer.decode("latin-1"),
    }


def main() -> None:
    """Run one plan."""
    plan = msgpack.unpackb(sys.stdin.buffer.read())
    json.dump(uvloop.run(run(plan)), sys.stdout)


if __name__ == "__main__":
    main()
