"""Which metrics an expression names."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACES = re.compile(r"\{[^}]*\}|\[[^\]]*\]")
_GROUPING = re.compile(r"\b(?:by|on|ignoring|group_left|group_right|without)\s*\([^)]*\)")
_OFFSET = re.compile(r"\boffset\s+\w+")
_WORD = re.compile(r"[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()")
_KEYWORDS = frozenset({"and", "or", "unless", "by", "on", "ignoring", "group_left", "bool"})


def metric_names(expr: str) -> set[str]:
    """Return the names that an expression selects series by."""
    for pattern in (_QUOTED, _BRACES, _GROUPING, _OFFSET):
        expr = pattern.sub(" ", expr)
    return {word for word in _WORD.findall(expr) if word not in _KEYWORDS}
