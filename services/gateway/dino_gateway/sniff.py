"""What a file is, from its first bytes; names and declared types are not believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dino_common.errors import InvalidFileFormat

HEAD_BYTES = 4096
"""As many bytes from the start as ``sniff`` may look at."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """An accepted type: ``extension`` without its dot."""

    format: str
    content_type: str
    extension: str
    kind: Literal["image", "video"]


JPEG = MediaType("JPEG", "image/jpeg", "jpg", "image")
PNG = MediaType("PNG", "image/png", "png", "image")
WEBP = MediaType("WEBP", "image/webp", "webp", "image")
MP4 = MediaType("MP4", "video/mp4", "mp4", "video")
MOV = MediaType("MOV", "video/quicktime", "mov", "video")
MKV = MediaType("MKV", "video/x-matroska", "mkv", "video")
WEBM = MediaType("WEBM", "video/webm", "webm", "video")
ACCEPTED = (JPEG, PNG, WEBP, MP4, MOV, MKV, WEBM)

_EBML = b"\x1a\x45\xdf\xa3"
_DOC_TYPE = b"\x42\x82"
# Brands of ISO base media files (ISO/IEC 14496-12) that hold stills or sound and no film.
_STILL_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"heim": "HEIC", b"heis": "HEIC", b"hevc": "HEIC", b"hevx": "HEIC"}
_STILL_BRANDS |= {b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF", b"avis": "AVIF", b"crx ": "camera raw"}
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "})
# Boxes that may start a QuickTime film of before there was a ftyp box (QuickTime File Format, 2001).
_OLD_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"\0\0\1\0", "an icon"),
    (b"8BPS", "a Photoshop file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"%PDF-", "a PDF document"),
    (b"PK\3\4", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"ID3", "a sound file"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a sound file"),
    (b"FLV", "a Flash film"),
    (b"\0\0\1\xba", "an MPEG programme stream"),
    (b"\0\0\1\xb3", "an MPEG film"),
)


def sniff(head: bytes) -> MediaType:
    """Return the type of a file that starts with these bytes.

    Raises:
        InvalidFileFormat: the file is empty or of no accepted type; the message says what it looks like.
    """
    if not head:
        raise InvalidFileFormat("the file is empty")
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[4:8] in _OLD_QUICKTIME:
        return MOV
    if head.startswith(_EBML):
        return _ebml(head)
    raise _refused(_looks_like(head))


def _refused(what: str) -> InvalidFileFormat:
    return InvalidFileFormat(f"the file looks like {what}, which is not accepted")


def _iso_media(head: bytes) -> MediaType:
    size = int.from_bytes(head[:4], "big")
    box = head[8 : max(16, min(size, len(head)))]
    brands = [box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))]
    if brands[0] == b"qt  ":
        return MOV
    if brands[0] in _SOUND_BRANDS:
        raise _refused("a sound file")
    if brands[0] in _STILL_BRANDS:
        raise _refused(f"a picture in {_STILL_BRANDS[brands[0]]}")
    return MP4


def _ebml(head: bytes) -> MediaType:
    at = head.find(_DOC_TYPE, 4, 128)
    if at >= 0 and at + 3 <= len(head):
        size = head[at + 2] & 0x7F  # a one-byte EBML length (RFC 8794, 4)
        name = head[at + 3 : at + 3 + size].rstrip(b"\0")
        if name == b"webm":
            return WEBM
        if name == b"matroska":
            return MKV
    raise _refused("an EBML file that is neither Matroska nor WebM")


def _looks_like(head: bytes) -> str:
    for magic, name in _OTHERS:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return {b"WAVE": "a sound file", b"AVI ": "an AVI film"}.get(head[8:12], "a RIFF file")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if text.startswith((b"<?xml", b"<svg")):
        return "an SVG or XML document" if b"<svg" in text else "an XML document"
    if _is_text(head):
        return "text"
    return "no type known here"


def _is_text(head: bytes) -> bool:
    try:
        head[:512].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < min(len(head), 512) - 3:
            return False
    return not any(byte < 9 or 13 < byte < 27 for byte in head[:512])
