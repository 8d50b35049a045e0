"""HTTP/1.1 as uvicorn speaks it, with bounds on a request's head and on what comes after its answer."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_SECONDS = 20.0
# A client that was answered in the middle of its body may go on so long; most read the answer only then.
MAX_UNREAD_SECONDS = 60.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections that never ask, whose head is endless or drips in, or whose body outlives its answer."""

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A silent connection counts too: uvicorn takes only so many, and would let it stay for ever."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(MAX_HEAD_SECONDS, self._refuse, _TOO_SLOW)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client; those before the end of a head are counted and timed."""
        self._head_bytes += len(data)
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(MAX_HEAD_SECONDS, self._refuse, _TOO_SLOW)
        super().data_received(data)
        if self._head_timer is not None and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """A head is whole: what follows is its body or the next request."""
        self._rest()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bytes of a body belong to no head."""
        self._rest()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._rest()
        self._stop_unread()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered, perhaps before its body has ended."""
        super().on_response_complete()
        if self.cycle is not None and self.cycle.response_complete and self.cycle.more_body:
            self._stop_unread()
            self._unread_timer = self.loop.call_later(MAX_UNREAD_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._rest()
        self._stop_unread()
        super().connection_lost(exc)

    def _stop_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _rest(self) -> None:
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, answer: bytes) -> None:
        self._rest()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
