"""An incoming file: hashed while it arrives, kept in memory while small and in a temporary file beyond that."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from dino_common.errors import FileTooLarge
from dino_gateway.sniff import HEAD_BYTES, MediaType, sniff

_IN_MEMORY = 1024 * 1024
SPOOLED = "dino-upload-"
"""How the names of temporary files begin; those of a killed process are swept by it."""


class Spool:
    """Takes the bytes of one file; nothing stays behind after ``close``.

    Attributes:
        size: bytes so far.
        media: type by content, known after 4 KB or at the end.
    """

    def __init__(self, limit: int) -> None:
        """Refuse files of more than ``limit`` bytes."""
        self._limit = limit
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._file: tempfile._TemporaryFileWrapper[bytes] | None = None
        self._content = b""
        self.size = 0
        self.media: MediaType | None = None

    async def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            FileTooLarge: more than the limit.
            InvalidFileFormat: the first bytes are of no accepted type.
        """
        self.size += len(data)
        if self.size > self._limit:
            raise too_large(self._limit)
        self._waiting += data
        if self.media is None and len(self._waiting) >= HEAD_BYTES:
            self.media = sniff(bytes(self._waiting[:HEAD_BYTES]))
        if len(self._waiting) >= _IN_MEMORY:
            await self._flush()

    async def _flush(self) -> None:
        chunk = bytes(self._waiting)
        self._waiting.clear()
        await asyncio.to_thread(self._store, chunk)

    def _store(self, chunk: bytes) -> None:
        if self._file is None:
            self._file = tempfile.NamedTemporaryFile(prefix=SPOOLED)  # noqa: SIM115 - closed by close()
        self._hash.update(chunk)
        self._file.write(chunk)
        self._file.flush()

    async def finish(self) -> MediaType:
        """Say that all bytes are there; return the file's type.

        Raises:
            InvalidFileFormat: the file is empty or of no accepted type.
        """
        if self._file is None:
            self._content = bytes(self._waiting)
            self._waiting.clear()
            await asyncio.to_thread(self._hash.update, self._content)
        elif self._waiting:
            await self._flush()
        if self.media is None:
            self.media = sniff(self._content[:HEAD_BYTES])
        return self.media

    @property
    def sha256(self) -> str:
        """Hash of the content in hex, once finished."""
        return self._hash.hexdigest()

    @property
    def source(self) -> bytes | Path:
        """The content: bytes, or the file that holds them."""
        return self._content if self._file is None else Path(self._file.name)

    def open(self) -> BinaryIO:
        """Return the content as a binary file; close it before the spool."""
        return BytesIO(self._content) if self._file is None else Path(self._file.name).open("rb")

    def close(self) -> None:
        """Remove the temporary file."""
        if self._file is not None:
            self._file.close()


def too_large(limit: int) -> FileTooLarge:
    """Return the error for a file of more than ``limit`` bytes."""
    return FileTooLarge(
        f"the file has more than {limit >> 20} MB",
        details="Compress or resize it, or upload it by POST /api/v1/upload-media/presign.",
    )
