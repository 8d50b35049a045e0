"""Whether a film's container can be read: the outermost structure is walked, nothing is decoded."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from dino_common.errors import InvalidFileFormat
from dino_gateway.sniff import MKV, MOV, MP4, WEBM, MediaType

_MOST_BOXES = 100_000
# Before the Segment there is a head, and perhaps padding.
_MOST_ELEMENTS = 1_000
_SEGMENT = 0x18538067
# Boxes of pictures, or that describe the next few of them.
_MEDIA = (b"mdat", b"moof")


def check_container(media: MediaType, source: bytes | Path) -> None:
    """Raise InvalidFileFormat unless the container of a film can be read from its start.

    Pictures may be missing at the end, as of a recording that broke off: the analysis says how much is. What finds the
    pictures must be there.

    Args:
        media: as sniffed; pictures pass unseen.
        source: the bytes, or the file that holds them.
    """
    if media not in (MP4, MOV, MKV, WEBM):
        return
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        if media in (MP4, MOV):
            _walk_boxes(file, size)
        else:
            _walk_ebml(file, size)


def _walk_boxes(file: BinaryIO, size: int) -> None:
    """Walk the top-level boxes (ISO/IEC 14496-12, 4.2): each has a length that ends inside the file."""
    at, kinds = 0, set()
    for _ in range(_MOST_BOXES):
        if at == size:
            break
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            raise _truncated()
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big") if len(head) == 16 else 0
            if length < 16:
                raise _truncated()
        elif length == 0:
            length = size - at  # to the end of the file
        elif length < 8:
            raise InvalidFileFormat("the film's container is damaged")
        at += length
        if at > size:
            if kind in _MEDIA and b"moov" in kinds:
                return  # the index came first; of the pictures the last ones are missing
            raise _truncated()
        kinds.add(kind)
    else:
        raise InvalidFileFormat(f"the film is in more than {_MOST_BOXES} pieces")
    if b"moov" not in kinds:
        raise InvalidFileFormat("the film has no index (moov box): it is truncated, or was never finished")


def _walk_ebml(file: BinaryIO, size: int) -> None:
    """Find the Segment (RFC 9559, 5.1), of which the end may be missing; live streams have no length."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at >= size:
            break
        file.seek(at)
        head = file.read(12)
        name, used = _number(head, keep_marker=True)
        length, more = _number(head[used:], keep_marker=False)
        body = at + used + more
        unknown = length == (1 << (7 * more)) - 1
        if name == _SEGMENT:
            if body < size and (unknown or length > 0):
                return
            raise _truncated()
        if unknown:
            break
        at = body + length
    else:
        raise InvalidFileFormat(f"the film has more than {_MOST_ELEMENTS} elements before its content")
    raise _truncated()


def _number(data: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """Read an EBML variable-length number (RFC 8794, 4); return it and its length in bytes."""
    if not data or data[0] == 0:
        raise InvalidFileFormat("the film's container is damaged")
    length = 9 - data[0].bit_length()
    if len(data) < length:
        raise _truncated()
    first = data[0] if keep_marker else data[0] & ((1 << (8 - length)) - 1)
    return int.from_bytes(bytes((first,)) + data[1:length], "big"), length


def _truncated() -> InvalidFileFormat:
    return InvalidFileFormat("the film is truncated: its container ends too early")
