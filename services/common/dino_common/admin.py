"""The small HTTP server every service has for probes and metrics: /live, /ready, /metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import orjson

from dino_common.telemetry import metrics_text

log = logging.getLogger(__name__)

Readiness = Callable[[], Awaitable[list[str]]]

_HEAD_LIMIT, _HEAD_SECONDS = 8192, 5.0
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class AdminServer:
    """Answers three GET paths; it reads nothing but the request line, so it needs no web framework.

    Args:
        readiness: returns the reasons for not being ready; empty means ready.
    """

    def __init__(self, host: str, port: int, readiness: Readiness) -> None:
        """Prepare; nothing listens before ``start``."""
        self._host, self._port, self._readiness = host, port, readiness
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on (the chosen one when 0 was asked for)."""
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=_HEAD_LIMIT)
        log.info("probes and metrics on port %d", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            status, kind, body = await self._answer(head.split(b"\r\n", 1)[0].split(b" "))
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n".encode()
                + body
            )
            async with asyncio.timeout(_HEAD_SECONDS):
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _answer(self, line: list[bytes]) -> tuple[str, str, bytes]:
        if len(line) < 2 or line[0] not in (b"GET", b"HEAD"):
            return "405 Method Not Allowed", "text/plain", b"GET only\n"
        match line[1].split(b"?")[0]:
            case b"/live":
                return "200 OK", "application/json", b'{"status":"alive"}'
            case b"/ready":
                reasons = await self._readiness()
                status = "503 Service Unavailable" if reasons else "200 OK"
                return status, "application/json", orjson.dumps({"ready": not reasons, "reasons": reasons})
            case b"/metrics":
                return "200 OK", _TEXT, await asyncio.to_thread(metrics_text)
        return "404 Not Found", "text/plain", b"/live, /ready or /metrics\n"

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
