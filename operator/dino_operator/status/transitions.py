"""The events of a changed status."""

from __future__ import annotations

from dino_operator.rollout.step import Event
from dino_operator.spec.status import Condition, DinoDeploymentStatus
from dino_operator.status.reasons import ConditionType, Reason
from dino_operator.status.sight import find

# A migration tells of its own steps, and pods that are replaced are events of their Deployment.
_SILENT = (ConditionType.PROGRESSING, ConditionType.MIGRATED)
_PASSING = (
    Reason.NOT_CONFIGURED,
    Reason.MODEL_STARTING,
    Reason.SELF_TEST_PENDING,
    Reason.SCALED_TO_ZERO,
    Reason.SCALER_STARTING,
    Reason.NOT_ASKED,
    Reason.ROLLED_BACK,
)


def transitions(previous: DinoDeploymentStatus, current: DinoDeploymentStatus) -> tuple[Event, ...]:
    """Return an event for each condition whose status or reason changed for good or bad; none for a tick.

    One fault may change several conditions: it is told once.
    """
    found: list[Event] = []
    for condition in current.conditions or []:
        before = find(previous, condition.type)
        changed = before is None or (before.status, before.reason) != (condition.status, condition.reason)
        if condition.type in _SILENT or not changed:
            continue
        event = _event(before, condition)
        if event is not None and all(event.message != other.message for other in found):
            found.append(event)
    return tuple(found)


def _event(before: Condition | None, now: Condition) -> Event | None:
    if _bad(now):
        return Event("Warning", now.reason, now.message)
    if now.type == ConditionType.READY and now.status == "True" and (before is None or before.status != "True"):
        return Event("Normal", "Ready", now.message)
    if before is not None and _bad(before) and now.status != "Unknown" and before.status != now.status:
        return Event("Normal", f"{now.type}Recovered", now.message)
    return None


def _bad(condition: Condition) -> bool:
    if condition.reason in _PASSING:
        return False
    return condition.status == ("True" if condition.type == ConditionType.DEGRADED else "False")
