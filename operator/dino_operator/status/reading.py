"""A status as the API server holds it, of whatever age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dino_operator.spec.status import DinoDeploymentStatus


def read_status(status: Mapping[str, Any] | None) -> DinoDeploymentStatus:
    """Return a status; parts that are of another shape are left out, and lists keep what can be read of them."""
    try:
        return DinoDeploymentStatus.model_validate(status or {})
    except ValidationError:
        return _salvaged(status or {})


def _salvaged(status: Mapping[str, Any]) -> DinoDeploymentStatus:
    kept: dict[str, Any] = {}
    for name, value in status.items():
        if _reads(name, value):
            kept[name] = value
        elif isinstance(value, list):
            kept[name] = [item for item in value if _reads(name, [item])]
    return DinoDeploymentStatus.model_validate(kept if _valid(kept) else {})


def _reads(name: str, value: Any) -> bool:
    return _valid({name: value})


def _valid(status: dict[str, Any]) -> bool:
    try:
        DinoDeploymentStatus.model_validate(status)
    except ValidationError:
        return False
    return True
