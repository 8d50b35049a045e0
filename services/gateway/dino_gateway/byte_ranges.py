"""Single byte ranges of a download (RFC 9110, 14)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)


class NotSatisfiable(Exception):
    """No byte of the file lies in the range."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return first and last byte (inclusive), or None for the whole file.

    A header that is malformed or asks for several ranges is ignored, as the standard allows.

    Raises:
        NotSatisfiable: the range begins after the end, or is an empty suffix.
    """
    match = _RANGE.fullmatch(header or "")
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if len(first) > 18 or len(last) > 18:
        raise NotSatisfiable
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise NotSatisfiable
        return max(0, size - length), size - 1
    begin = int(first)
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise NotSatisfiable
    return begin, min(int(last), size - 1) if last else size - 1
