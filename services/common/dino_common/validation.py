"""Validation errors in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

_SHOWN = 5


def explain(error: ValidationError | Sequence[Any]) -> str:
    """Name each wrong field and what is wrong with it, without repeating the value sent."""
    problems = error.errors(include_url=False, include_input=False) if isinstance(error, ValidationError) else error
    lines = []
    for problem in problems[:_SHOWN]:
        place = ".".join(str(p) for p in problem["loc"] if p not in ("body", "query", "path"))
        message = str(problem["msg"]).removeprefix("Value error, ")
        lines.append(f"{place}: {message}" if place else message)
    if len(problems) > _SHOWN:
        lines.append(f"and {len(problems) - _SHOWN} more")
    return "; ".join(lines)
