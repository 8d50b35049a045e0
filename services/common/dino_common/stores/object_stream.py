"""An object on its way to a client: a chunk at a time, so that a whole film is never in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from botocore.awsrequest import AWSResponse

from dino_common.stores.object_errors import translated

CHUNK_BYTES = 256 * 1024

Run = Callable[..., Awaitable[Any]]


class ObjectStream:
    """Bytes of one object; iterate once, or close.

    Attributes:
        status: 200, or 206 for a range.
        size: bytes that will come.
        content_type, etag, content_range, last_modified: as the store answered; None when absent.
    """

    def __init__(self, response: AWSResponse, run: Run, host: str, bucket: str, key: str) -> None:
        """Wrap an opened response; ``run`` calls a blocking function in a thread."""
        self._response, self._run = response, run
        self._place = (host, bucket, key)
        headers = response.headers
        self.status: int = response.status_code
        self.size = int(headers.get("Content-Length", 0))
        self.content_type: str | None = headers.get("Content-Type")
        self.etag: str | None = headers.get("ETag")
        self.content_range: str | None = headers.get("Content-Range")
        self.last_modified: str | None = headers.get("Last-Modified")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes.

        Raises:
            ServiceUnavailable: the store broke off.
        """
        try:
            while chunk := await self._run(self._read):
                yield chunk
        finally:
            # Shielded: a client that goes away must not leave its connection half read.
            await asyncio.shield(self.aclose())

    def _read(self) -> bytes:
        with translated(*self._place):
            return self._response.raw.read(CHUNK_BYTES)

    async def aclose(self) -> None:
        """Give the connection back when everything was read, else close it; repeating it does nothing."""
        raw = self._response.raw
        with contextlib.suppress(OSError):
            if raw.length_remaining:
                raw.close()
            raw.release_conn()

    async def __aenter__(self) -> Self:
        """Return the stream."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.aclose()
