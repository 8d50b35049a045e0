"""The least that an HTTP server can do, to find the load generator's own ceiling."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop
from benchmarks.serving.load import content_length

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Trivial(asyncio.Protocol):
    """Answers every request with ``{}`` once its body is complete."""

    def __init__(self) -> None:
        """Nothing received yet."""
        self._buffer = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        # uvloop's transports are not asyncio's, but have its methods.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer when head and body are there."""
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or len(self._buffer) < head + 4 + content_length(bytes(self._buffer[:head])):
            return
        self._buffer.clear()
        assert self._transport is not None
        self._transport.write(ANSWER)


async def serve(port: int) -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Trivial, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
