"""The series that an alert's expression selects: where they are missing, it can never fire."""

from __future__ import annotations

import re

_SELECTOR = re.compile(r"\b((?:dino_|process_|kubelet_)\w+|dino:[\w:]+|up)\b(\{[^}]*\})?")


def selectors(expr: str) -> list[str]:
    """Return the selectors of an expression, each once, without ranges and offsets."""
    return list(dict.fromkeys(name + (labels or "") for name, labels in _SELECTOR.findall(expr)))
