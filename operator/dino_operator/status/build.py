"""The status of a resource from what is seen of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from dino_operator.observe import Seen
from dino_operator.render.context import MODEL_LABEL, Context
from dino_operator.rollout.clock import moment
from dino_operator.rollout.step import Step
from dino_operator.spec.deployment import DinoDeployment
from dino_operator.spec.reading import Fault
from dino_operator.spec.status import Condition, DinoDeploymentStatus, InferenceStatus
from dino_operator.status.autoscaling import autoscaling
from dino_operator.status.degraded import degraded
from dino_operator.status.history import scaling_history
from dino_operator.status.model import model_ready, ready
from dino_operator.status.progress import migrated, progressing
from dino_operator.status.reasons import ConditionType, Reason
from dino_operator.status.sight import Sight, Verdict, find
from dino_operator.status.stores import stores_reachable

_LONGEST = 4000


def build(
    resource: DinoDeployment, previous: DinoDeploymentStatus, seen: Seen, step: Step, now: datetime
) -> DinoDeploymentStatus:
    """Return the whole status; equal to the previous one when nothing that it says has changed.

    Args:
        resource: a valid one.
        previous: what the status said (`read_status`).
        seen: the observation that the step was made from.
        step: of `rollout.advance`.
        now: with a time zone.
    """
    sight = Sight(resource, previous, seen, step, now)
    model, stores = model_ready(sight), stores_reachable(sight)
    verdicts = {
        ConditionType.READY: ready(sight, model),
        ConditionType.PROGRESSING: progressing(sight),
        ConditionType.DEGRADED: degraded(sight, model, stores),
        ConditionType.MODEL_READY: model,
        ConditionType.MIGRATED: migrated(sight),
        ConditionType.STORES_REACHABLE: stores,
        ConditionType.AUTOSCALING: autoscaling(sight),
    }
    state, generation = step.state, resource.metadata.generation
    test = state.serving.self_test
    return DinoDeploymentStatus(
        observed_generation=generation,
        conditions=_conditions(verdicts, previous, generation, now),
        model=state.model,
        migration=state.migration,
        versions=list(state.versions),
        inference=_inference(sight),
        images_per_second=test.images_per_second if test is not None else None,
        scaling_history=scaling_history(sight),
    )


def invalid(
    previous: DinoDeploymentStatus, faults: Sequence[Fault], generation: int | None, now: datetime
) -> DinoDeploymentStatus:
    """Return the status of a resource whose spec cannot be read: what runs stays, and conditions name the faults."""
    words = f"The spec cannot be acted on; what runs stays as it is. {'; '.join(map(str, faults))}."
    verdicts = {
        ConditionType.READY: Verdict("Unknown", Reason.INVALID_SPEC, words),
        ConditionType.PROGRESSING: Verdict("False", Reason.INVALID_SPEC, words),
        ConditionType.DEGRADED: Verdict("True", Reason.INVALID_SPEC, words),
    }
    kept = [c for c in previous.conditions or [] if c.type not in verdicts]
    conditions = [*_conditions(verdicts, previous, generation, now), *kept]
    return previous.model_copy(update={"conditions": conditions})


def _conditions(
    verdicts: Mapping[ConditionType, Verdict], previous: DinoDeploymentStatus, generation: int | None, now: datetime
) -> list[Condition]:
    found: list[Condition] = []
    for kind, verdict in verdicts.items():
        before = find(previous, kind)
        unchanged = before is not None and before.status == verdict.status
        message = verdict.message if len(verdict.message) <= _LONGEST else verdict.message[: _LONGEST - 1] + "…"
        found.append(
            Condition(
                type=str(kind),
                status=verdict.status,
                reason=str(verdict.reason),
                message=message,
                last_transition_time=before.last_transition_time if before and unchanged else moment(now),
                observed_generation=generation,
            )
        )
    return found


def _inference(sight: Sight) -> InferenceStatus:
    key, deployment = sight.state.serving.key, sight.deployment("inference")
    labels = Context(sight.resource, sight.facts).selector("inference") | {MODEL_LABEL: key}
    there, answer, wanted = (deployment.replicas, deployment.ready, deployment.desired) if deployment else (0, 0, 0)
    return InferenceStatus(
        replicas=there,
        ready_replicas=answer,
        selector=",".join(f"{name}={value}" for name, value in sorted(labels.items())),
        summary=f"{answer}/{wanted}",
    )
