"""What is under way: pods that are being replaced, and a change of the model."""

from __future__ import annotations

from dino_operator.observe import DeploymentSeen
from dino_operator.render.context import SERVICES
from dino_operator.render.notices import notices
from dino_operator.rollout.look import name_of
from dino_operator.status.reasons import Reason
from dino_operator.status.sight import Sight, Verdict

_ON_THE_WAY = ("NewReplicaSetCreated", "ReplicaSetUpdated", "FoundNewReplicaSet")
_MIGRATED = {
    "Starting": (Reason.STARTING, "Its pods start."),
    "SelfTest": (Reason.SELF_TEST, "Its golden self-test runs."),
    "Canary": (Reason.CANARY, "It repeats a share of the serving version's work and is measured."),
    "ReEmbedding": (Reason.RE_EMBEDDING, "It embeds the library."),
    "CutOver": (Reason.CUT_OVER, "Every service turns to it."),
}
_MODES = {
    "giveUpOne": "For want of room the version before gave up pods for it.",
    "replace": "For want of room the only old pod was stopped for it.",
}


def stalled(deployment: DeploymentSeen) -> str | None:
    """Return why a Deployment's rollout does not go on; None when it does."""
    for condition in deployment.conditions:
        if condition.type == "Progressing" and condition.status == "False":
            return condition.message or condition.reason
    return None


def progressing(sight: Sight) -> Verdict:
    """Return whether something is on its way to what the spec says."""
    migration = sight.state.migration
    if sight.resource.spec.paused:
        words = "spec.paused is true: no running pod is replaced. Set it to false to go on."
        return Verdict("False", Reason.PAUSED, words)
    if migration is not None and migration.phase in _MIGRATED:
        return Verdict("True", Reason.MIGRATING, f"The model changes: {migration.phase}. See condition Migrated.")
    absent = [service for service in SERVICES if sight.deployment(service) is None]
    if absent:
        return Verdict("True", Reason.STARTING, f"To be made: {', '.join(absent)}.")
    why = [f"{d.name}: {text}" for d in sight.seen.deployments if (text := stalled(d))]
    if why:
        return Verdict("False", Reason.STALLED, " ".join(why))
    moving = [d.name for d in sight.seen.deployments if _moves(d)]
    if moving:
        said = " ".join(n.message for n in notices(sight.resource, sight.facts) if n.aspect == "Rollout")
        return Verdict("True", Reason.ROLLING_OUT, f"Pods are replaced: {', '.join(moving)}. {said}".strip())
    return Verdict("False", Reason.COMPLETE, "Every pod is of the newest spec.")


def _moves(deployment: DeploymentSeen) -> bool:
    if not deployment.current or deployment.updated < deployment.desired or deployment.replicas > deployment.desired:
        return True
    return any(c.type == "Progressing" and c.reason in _ON_THE_WAY for c in deployment.conditions)


def migrated(sight: Sight) -> Verdict:
    """Return whether the model of the spec is the one that serves, with its whole library."""
    state, migration = sight.state, sight.state.migration
    if migration is None or migration.phase is None:
        if not state.serving.answered:
            return Verdict("False", Reason.STARTING, f"{name_of(state.serving)} is the first model; it starts.")
        return Verdict("True", Reason.UP_TO_DATE, f"{name_of(state.serving)} serves, as spec.model says.")
    if migration.phase == "RolledBack" and migration.failed is not None:
        return Verdict("False", Reason.ROLLED_BACK, f"{migration.failed.reason}: {migration.failed.message}")
    version = state.candidate or state.serving
    reason, doing = _MIGRATED.get(migration.phase, (Reason.WAITING, ""))
    mode = _MODES.get(migration.mode or "", "")
    words = " ".join(part for part in (f"{name_of(version)} is on its way.", doing, mode) if part)
    if sight.resource.spec.paused:
        return Verdict("False", Reason.PAUSED, f"{words} {migration.waiting or ''}".strip())
    if migration.waiting is not None:
        held = migration.phase == "Canary" and sight.resource.spec.inference.rollout.canary.pause
        reason = Reason.CANARY_HELD if held else Reason.WAITING
        return Verdict("False", reason, f"{words} {migration.waiting}")
    return Verdict("False", reason, words)
