"""What a status is made from, and what is found about one condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dino_operator.observe import DeploymentSeen, InferenceSeen, Seen
from dino_operator.render.facts import Facts
from dino_operator.rollout.step import RolloutState, Step
from dino_operator.spec.deployment import DinoDeployment
from dino_operator.spec.status import Condition, DinoDeploymentStatus
from dino_operator.status.reasons import ConditionType


@dataclass(frozen=True, slots=True)
class Verdict:
    """A condition without its times."""

    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything that one status is made from."""

    resource: DinoDeployment
    previous: DinoDeploymentStatus
    seen: Seen
    step: Step
    now: datetime

    @property
    def state(self) -> RolloutState:
        """Where the rollout stands."""
        return self.step.state

    @property
    def facts(self) -> Facts:
        """The same facts that the rendering gets."""
        seen = self.seen
        return Facts(seen.free_gpus, seen.apis, seen.crds, self.step.model_versions)

    @property
    def serving_answers(self) -> tuple[InferenceSeen, ...]:
        """What the serving version's pods say that are ready."""
        told = self.seen.bus.inference.get(self.state.serving.key, ())
        return tuple(status for status in told if status.ready and status.model_version is not None)

    def deployment(self, service: str) -> DeploymentSeen | None:
        """The Deployment of a service; of inference, of the version that serves."""
        if service == "inference":
            return self.seen.inference(self.state.serving.key)
        return next((d for d in self.seen.deployments if d.service == service), None)

    def before(self, kind: ConditionType) -> Verdict | None:
        """What the condition said last."""
        found = find(self.previous, kind)
        return Verdict(found.status, found.reason, found.message) if found else None


def find(status: DinoDeploymentStatus, kind: str) -> Condition | None:
    """Return a condition of a status."""
    return next((condition for condition in status.conditions or [] if condition.type == kind), None)
