"""Types are found by content, and what is refused is named."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from dino_common.errors import InvalidFileFormat
from dino_gateway.sniff import JPEG, MKV, MOV, MP4, PNG, WEBM, WEBP, sniff


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major + b"\0\0\2\0" + b"".join(compatible))


def ebml(doc_type: bytes) -> bytes:
    element = b"\x42\x82" + bytes((0x80 | len(doc_type),)) + doc_type
    return b"\x1a\x45\xdf\xa3" + bytes((0x80 | len(element),)) + element


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (picture("JPEG"), JPEG),
        (picture("PNG"), PNG),
        (picture("WEBP"), WEBP),
        (ftyp(b"isom", b"isom", b"avc1"), MP4),
        (ftyp(b"mp42"), MP4),
        (ftyp(b"M4V "), MP4),
        (ftyp(b"3gp5"), MP4),
        (ftyp(b"qt  "), MOV),
        (box(b"moov", b"\0" * 32), MOV),
        (ebml(b"matroska"), MKV),
        (ebml(b"webm"), WEBM),
    ],
    ids=lambda value: getattr(value, "format", "bytes"),
)
def test_accepted_types_are_recognised_by_their_first_bytes(head, expected):
    assert sniff(head) is expected


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"", "empty"),
        (picture("GIF"), "GIF"),
        (picture("BMP"), "BMP"),
        (picture("TIFF"), "TIFF"),
        (b"hello, I am a picture named .jpg", "text"),
        ("Grüße".encode(), "text"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">', "SVG"),
        (b"<svg onload=alert(1)>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\3\4rest", "ZIP"),
        (b"\x7fELF\2\1\1", "program"),
        (b"RIFF\0\0\0\0WAVEfmt ", "sound"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (ftyp(b"heic", b"mif1"), "HEIC"),
        (ftyp(b"avif", b"mif1"), "AVIF"),
        (ftyp(b"M4A "), "sound"),
        (ebml(b"other"), "EBML"),
        (bytes(range(1, 255)), "no type known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_types_are_refused_by_name(head, named):
    with pytest.raises(InvalidFileFormat, match=named):
        sniff(head)


def test_a_head_cut_anywhere_never_breaks_the_sniffer():
    for whole in (picture("WEBP"), ftyp(b"isom", b"avc1"), ebml(b"webm"), picture("PNG")):
        for length in range(1, min(len(whole), 64)):
            try:
                sniff(whole[:length])
            except InvalidFileFormat:
                continue
