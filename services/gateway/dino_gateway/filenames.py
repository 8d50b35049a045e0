"""File names that clients send: kept for people to read, never used as a path."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_LONGEST = 255
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def clean_filename(name: str, extension: str) -> str:
    """Return the last part of a name without control and direction marks, 1 to 255 characters.

    Args:
        name: as sent; may be a path of any system, or empty.
        extension: of the type that was found, for a file without a usable name.
    """
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    base = _UNSEEN.sub("", base).strip().strip(".").strip()
    if not base:
        return f"upload.{extension}"
    if len(base) > _LONGEST:
        stem, dot, suffix = base.rpartition(".")
        base = f"{stem[: _LONGEST - len(suffix) - 1]}.{suffix}" if dot and len(suffix) <= 16 else base[:_LONGEST]
    return base


def content_disposition(filename: str, kind: str = "inline") -> str:
    """Return the Content-Disposition header of a download (RFC 6266), with an ASCII name for old clients."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()\-]", "_", plain) or "file"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
