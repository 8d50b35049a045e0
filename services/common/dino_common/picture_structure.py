"""Bounds on how many pieces a picture may be in: tiny pieces by the million cost a reader minutes and gigabytes."""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path

from dino_common.errors import InvalidFileFormat

# The longest file allowed, written by encoders in use, has some 6,000 chunks; a progressive JPEG about 10 scans.
MOST_PNG_CHUNKS = 50_000
MOST_JPEG_SEGMENTS = 5_000
MOST_JPEG_SCANS = 50
# Bytes between segments, where the standard allows fill bytes alone.
_MOST_FILL = 64 * 1024

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# A marker that is no stuffed byte, fill byte or restart (ITU-T T.81, B.1.1).
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN, _TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01

_Buffer = bytes | bytearray | memoryview | mmap.mmap


def check_structure(source: bytes | bytearray | memoryview | str | Path) -> None:
    """Raise InvalidFileFormat for a JPEG or PNG in more pieces than any encoder makes; whatever else is wrong passes.

    Args:
        source: the bytes, or the file that holds them. Read at the speed of a search, without decoding.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        _check(source)
        return
    with Path(source).open("rb") as file:
        if not file.read(1):
            return  # nothing that could be mapped
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _check(data)


def _check(data: _Buffer) -> None:
    if data[:8] == _PNG:
        _check_png(data)
    elif data[:2] == _JPEG:
        _check_jpeg(data)


def _check_png(data: _Buffer) -> None:
    """Count chunks (length, type, data, CRC: PNG specification, 5.3) up to IEND."""
    at, size = 8, len(data)
    for _ in range(MOST_PNG_CHUNKS):
        if at + 12 > size:
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            return
        at += 12 + length
    raise InvalidFileFormat(f"the picture is in more than {MOST_PNG_CHUNKS} chunks")


def _check_jpeg(data: _Buffer) -> None:
    """Count segments, scans, and bytes that belong to neither, up to the end of the first image."""
    at, scans, fill, in_scan = 2, 0, 0, False
    for _ in range(MOST_JPEG_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return
        if not in_scan:
            fill += found.start() - at
        if fill > _MOST_FILL:
            raise InvalidFileFormat("the picture has long gaps between its segments")
        at = found.end()
        marker = data[at - 1]
        if marker == _END_OF_IMAGE or at + 2 > len(data):
            return
        if marker in (_START_OF_IMAGE, _TEMPORARY):
            continue
        at += int.from_bytes(data[at : at + 2], "big")
        in_scan = marker == _START_OF_SCAN
        scans += in_scan
        if scans > MOST_JPEG_SCANS:
            raise InvalidFileFormat(f"the picture has more than {MOST_JPEG_SCANS} scans")
    raise InvalidFileFormat(f"the picture is in more than {MOST_JPEG_SEGMENTS} segments")
