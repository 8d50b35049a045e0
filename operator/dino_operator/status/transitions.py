"""The events of a changed status."""

from __future__ import annotations

from dino_operator.rollout.step import Event
from dino_operator.spec.status import DinoDeploymentStatus


def transitions(previous: DinoDeploymentStatus, current: DinoDeploymentStatus) -> tuple[Event, ...]:
    """Return an event for each condition whose status or reason changed; none for a tick."""
    raise NotImplementedError
