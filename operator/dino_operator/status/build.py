"""The status of a resource from what is seen of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dino_operator.observe import Seen
from dino_operator.rollout.step import Step
from dino_operator.spec.deployment import DinoDeployment
from dino_operator.spec.reading import Fault
from dino_operator.spec.status import DinoDeploymentStatus


def read_status(status: Mapping[str, Any] | None) -> DinoDeploymentStatus:
    """Return a status as the API server holds it; parts that are of another shape are left out."""
    raise NotImplementedError


def build(
    resource: DinoDeployment, previous: DinoDeploymentStatus, seen: Seen, step: Step, now: datetime
) -> DinoDeploymentStatus:
    """Return the whole status; equal to the previous one when nothing that it says has changed."""
    raise NotImplementedError


def invalid(
    previous: DinoDeploymentStatus, faults: Sequence[Fault], generation: int | None, now: datetime
) -> DinoDeploymentStatus:
    """Return the status of a resource whose spec cannot be read: what runs stays, and the conditions name the faults."""
    raise NotImplementedError
