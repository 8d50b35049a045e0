"""Pictures made to keep a reader busy are refused before they do; what encoders write passes."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dino_common.errors import InvalidFileFormat
from dino_common.imaging import probe_image
from dino_common.picture_structure import check_structure


def picture(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def png_in_chunks(count: int) -> bytes:
    whole = picture("PNG")
    empty = struct.pack(">I", 0) + b"abCd" + struct.pack(">I", zlib.crc32(b"abCd"))
    return whole[:33] + empty * count + whole[33:]


def jpeg_with(piece: bytes, count: int) -> bytes:
    whole = picture("JPEG")
    return whole[:2] + piece * count + whole[2:]


def jpeg_in_scans(count: int) -> bytes:
    whole = picture("JPEG", progressive=True)
    scan, end = whole.rfind(b"\xff\xda"), whole.rfind(b"\xff\xd9")
    return whole[:end] + whole[scan:end] * count + whole[end:]


HOSTILE = {
    "PNG of empty chunks": (lambda: png_in_chunks(1_000_000), "chunks"),
    "JPEG of empty segments": (lambda: jpeg_with(b"\xff\xe5\x00\x02", 3_000_000), "segments"),
    "JPEG of fill bytes": (lambda: jpeg_with(b"\xff", 12_000_000), "gaps"),
    "JPEG of scans": (lambda: jpeg_in_scans(2_000), "scans"),
}


@pytest.mark.parametrize("case", HOSTILE, ids=list(HOSTILE))
def test_millions_of_pieces_are_refused_at_once(case, tmp_path: Path):
    make, named = HOSTILE[case]
    data = make()
    began = time.process_time()
    with pytest.raises(InvalidFileFormat, match=named):
        probe_image(data)
    assert time.process_time() - began < 1.0
    file = tmp_path / "picture"
    file.write_bytes(data)
    with pytest.raises(InvalidFileFormat, match=named):
        probe_image(file)


@pytest.mark.parametrize(
    "data",
    [
        picture("JPEG"),
        picture("JPEG", progressive=True, quality=100),
        picture("JPEG", exif=b"Exif\0\0" + b"\xff\xda\0\x02" * 10_000, restart_marker_blocks=1),
        picture("JPEG", icc_profile=b"\xff\xda" * 100_000),
        picture("JPEG") + b"\xff\xda\0\x02" * 10_000,
        png_in_chunks(5_000),
        picture("WEBP"),
    ],
    ids=["jpeg", "progressive", "scan marks in EXIF", "in ICC", "behind the end", "png", "webp"],
)
def test_what_encoders_write_passes(data):
    assert probe_image(data).width == 128


@given(st.binary(max_size=300))
def test_no_bytes_break_the_check(data):
    for start in (b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b""):
        check_structure(start + data)
