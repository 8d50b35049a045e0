"""A remote object as a seekable file of bounded memory: blocks fetched by range, few of them kept."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 1 << 20
KEPT_BLOCKS = 8


class RangeReader(io.RawIOBase):
    """Reads bytes through ``fetch(first, count)`` in whole blocks and keeps the most recent ones.

    A demuxer reads forward in small pieces and seeks between an index and the data, so a few blocks of a
    megabyte turn thousands of reads into one request a megabyte; memory stays at block × kept.

    Args:
        fetch: returns ``count`` bytes from offset ``first`` (fewer only at the end); raises what the store raises.
        size: length of the object in bytes.
    """

    def __init__(
        self, fetch: Callable[[int, int], bytes], size: int, *, block: int = BLOCK_BYTES, kept: int = KEPT_BLOCKS
    ) -> None:
        """Start at the first byte; nothing is fetched yet."""
        super().__init__()
        self._fetch, self._size, self._block, self._kept = fetch, size, block, kept
        self._place = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset from the start, from here or from the end; past the end reads give nothing."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("an offset before the first byte")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill as much of the buffer as one block gives; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._place >= self._size or not view:
            return 0
        number, inside = divmod(self._place, self._block)
        piece = self._read_block(number)[inside : inside + len(view)]
        if not piece:
            raise OSError(f"the object ended at byte {self._place} of {self._size}")
        view[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def _read_block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        first = number * self._block
        data = self._fetch(first, min(self._block, self._size - first))
        self._blocks[number] = data
        if len(self._blocks) > self._kept:
            self._blocks.popitem(last=False)
        return data
