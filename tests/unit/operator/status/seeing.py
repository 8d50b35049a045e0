"""Cases in YAML: what is seen and remembered, and what the status then says."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from dino_operator.observe import Seen
from dino_operator.render import model_key
from dino_operator.rollout import Step, advance
from dino_operator.spec import DinoDeployment, read_resource
from dino_operator.spec.model import Model
from dino_operator.spec.status import DinoDeploymentStatus
from dino_operator.status import build, read_status

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
KEY = model_key(Model.model_validate({}))
_SEEN = TypeAdapter(Seen)


@cache
def _text(name: str) -> str:
    return (CASES / f"{name}.yaml").read_text().replace("KEY", KEY)


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a file."""
    return yaml.safe_load(_text(name))


def seen(**changes: Any) -> Seen:
    """The healthy world with some of it changed; ``bus`` field by field."""
    healthy = yaml.safe_load(_text("healthy"))["seen"]
    bus = healthy["bus"] | changes.pop("bus", {})
    return _SEEN.validate_python(healthy | changes | {"bus": bus})


def remembered(changes: dict[str, Any] | None) -> DinoDeploymentStatus:
    """The healthy world's status with some of it changed; ``{}``: none."""
    if changes == {}:
        return read_status({})
    return read_status(yaml.safe_load(_text("healthy"))["status"] | (changes or {}))


def resource(**spec: Any) -> DinoDeployment:
    """A resource; two pods of inference unless the spec says otherwise."""
    spec = {"connections": {"secretName": "stores"}, "inference": {"replicas": 2}} | spec
    return read_resource(
        {
            "apiVersion": "dinov3.io/v1alpha1",
            "kind": "DinoDeployment",
            "metadata": {"name": "demo", "generation": 7},
            "spec": spec,
        },
        strict=True,
    )


def look(
    made: DinoDeployment, previous: DinoDeploymentStatus, found: Seen, now: datetime = NOW
) -> tuple[Step, DinoDeploymentStatus]:
    """One look: the step and the status."""
    step = advance(made, previous, found, now)
    return step, build(made, previous, found, step, now)
