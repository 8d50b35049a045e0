"""A file that tells how much of it has been read, and stops being readable when the user interrupts."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

from dino_cli.client import Stopped


class CountedFile(io.RawIOBase):
    """A file open for an upload.

    Args:
        path: what to read.
        on_position: told the bytes read so far; goes back to 0 when a request is sent again.
        stop: reading raises Stopped once it is set.
    """

    def __init__(self, path: Path, on_position: Callable[[int], None], stop: threading.Event) -> None:
        """Open the file; raises OSError."""
        super().__init__()
        self._file = path.open("rb")
        self._on_position, self._stop = on_position, stop

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true: a request that is sent again reads the file from the start."""
        return True

    def fileno(self) -> int:
        """Return the descriptor, from which the HTTP client learns the length."""
        return self._file.fileno()

    def read(self, size: int = -1, /) -> bytes:
        """Read up to ``size`` bytes."""
        if self._stop.is_set():
            raise Stopped
        chunk = self._file.read(size)
        self._on_position(self._file.tell())
        return chunk

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to a position."""
        position = self._file.seek(offset, whence)
        self._on_position(position)
        return position

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
