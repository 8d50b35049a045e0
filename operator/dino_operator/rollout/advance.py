"""One look at the rollout: from what was remembered and what is seen to what is to be done."""

from __future__ import annotations

from datetime import datetime

from dino_operator.observe import Seen
from dino_operator.rollout.step import Step
from dino_operator.spec.deployment import DinoDeployment
from dino_operator.spec.status import DinoDeploymentStatus


def advance(resource: DinoDeployment, previous: DinoDeploymentStatus, seen: Seen, now: datetime) -> Step:
    """Return the next step of the rollout.

    Args:
        resource: a valid one.
        previous: what the status says (`status.read_status`); all that is remembered. Where it has no versions they
            are recovered from the Deployments.
        seen: one observation.
        now: with a time zone.
    """
    raise NotImplementedError
