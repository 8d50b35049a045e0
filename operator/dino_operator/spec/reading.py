"""From a parsed manifest to a DinoDeployment, with faults that name the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dino_operator.spec.deployment import API_VERSION, KIND, DinoDeployment


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        path: where, such as ``spec.inference.autoscaling.min``.
        message: what, and where it is not obvious, how to mend it.
    """

    path: str
    message: str

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidResource(ValueError):
    """A manifest is not a valid DinoDeployment."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep every fault."""
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


def read_resource(manifest: Mapping[str, Any], *, strict: bool = False) -> DinoDeployment:
    """Return the resource of a manifest.

    Args:
        manifest: as parsed from YAML or as the API server answers it.
        strict: refuse fields that do not exist (a typing error in a file); else they are dropped, so that
            resources written for another version load.

    Raises:
        InvalidResource: with every fault and its path.
    """
    kind, version = manifest.get("kind"), manifest.get("apiVersion")
    if kind != KIND or version != API_VERSION:
        raise InvalidResource(
            [Fault("", f"this is {version or 'no apiVersion'} {kind or 'without kind'}, not {API_VERSION} {KIND}")]
        )
    metadata = {k: v for k, v in (manifest.get("metadata") or {}).items() if k in _METADATA}
    known = {k: manifest[k] for k in ("apiVersion", "kind", "spec", "status") if k in manifest} | {"metadata": metadata}
    try:
        return DinoDeployment.model_validate(_without_nulls(known), extra="forbid" if strict else "ignore")
    except ValidationError as error:
        raise InvalidResource([_fault(item) for item in error.errors(include_url=False)]) from error


_METADATA = ("name", "namespace", "uid", "generation")
_WORDS = {"extra_forbidden": "no such field", "missing": "is required"}


def _without_nulls(value: Any) -> Any:
    """Drop what is null, as the API server does with fields that may not be null."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def _fault(error: Any) -> Fault:
    path = ""
    for step in error["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    kind = error["type"]
    message = _WORDS.get(kind) or error["msg"][0].lower() + error["msg"][1:]
    if kind not in _WORDS and kind != "rule" and not isinstance(error["input"], dict | list):
        message += f", not {error['input']!r}"
    return Fault(path.removeprefix("."), message)
