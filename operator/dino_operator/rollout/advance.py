"""One look at the rollout: from what was remembered and what is seen to what is to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dino_operator.observe import Seen
from dino_operator.rollout.beginning import start, test
from dino_operator.rollout.canary import watch_canary
from dino_operator.rollout.capacity import versions_to_run
from dino_operator.rollout.cutover import confirm
from dino_operator.rollout.embedding import embed
from dino_operator.rollout.faults import fault_of
from dino_operator.rollout.look import Look, Move, waits, with_migration, with_version
from dino_operator.rollout.publish import rollout_of
from dino_operator.rollout.recovery import recall
from dino_operator.rollout.retire import expire, keep_until, next_change, tidy
from dino_operator.rollout.rollback import roll_back
from dino_operator.rollout.selftest import check_serving
from dino_operator.rollout.step import Event, RolloutState, Step
from dino_operator.rollout.summary import summary
from dino_operator.rollout.target import follow_spec, settle
from dino_operator.spec.deployment import DinoDeployment
from dino_operator.spec.status import DinoDeploymentStatus

PAUSED = "spec.paused is true: the migration stays where it is. Set it to false to go on."
_TESTING_SECONDS = 5.0

_PHASES: dict[str, Callable[[RolloutState, Look], Move]] = {
    "Starting": start,
    "SelfTest": test,
    "Canary": watch_canary,
    "ReEmbedding": embed,
    "CutOver": confirm,
}


def advance(resource: DinoDeployment, previous: DinoDeploymentStatus, seen: Seen, now: datetime) -> Step:
    """Return the next step of the rollout: at most one transition, so that each is persisted before the next.

    Args:
        resource: a valid one.
        previous: what the status says (`status.read_status`); all that is remembered. Where it has no versions they
            are recovered from the Deployments.
        seen: one observation.
        now: with a time zone.
    """
    look = Look(resource, seen, now)
    state, told = _named(recall(resource, previous, seen, now), look)
    state = keep_until(follow_spec(state, look), look)
    state, asks = check_serving(state, look)
    move = _held(state) if resource.spec.paused else _move(state, look)
    state = tidy(move.state)
    if state.migration is not None:
        state = with_migration(state, summary=summary(state, paused=resource.spec.paused))
    asks = (*(ask for ask in asks if ask not in move.asks), *move.asks)
    return Step(
        state=state,
        model_versions=versions_to_run(look, state),
        rollout=rollout_of(state),
        events=(*told, *move.events),
        asks=asks,
        requeue_after=_soonest(move.after, _TESTING_SECONDS if asks else None, next_change(state, look)),
    )


def _move(state: RolloutState, look: Look) -> Move:
    for decide in (settle, expire):
        if (move := decide(state, look)) is not None:
            return move
    phase = state.migration.phase if state.migration else None
    handler = _PHASES.get(phase or "")
    if handler is None:
        return Move(state)
    if state.candidate is not None:
        fault = fault_of(look.seen.pods_of("inference", state.candidate.key))
        if fault is not None and fault.lasting:
            return roll_back(state, look, fault.reason, fault.message)
    if not look.seen.bus.asked:
        return Move(state)
    if not look.seen.bus.reachable:
        why = f"NATS cannot be reached from the operator: {look.seen.bus.error or 'no answer'}"
        return waits(with_migration(state, deadline=None), why, 5.0)
    return handler(state, look)


def _held(state: RolloutState) -> Move:
    if state.migration is None or state.migration.phase == "RolledBack":
        return Move(state)
    return waits(with_migration(state, deadline=None), PAUSED, 30.0)


def _named(state: RolloutState, look: Look) -> tuple[RolloutState, tuple[Event, ...]]:
    """Return the state with the names that the pods tell of their models."""
    told: list[Event] = []
    for version in state.versions:
        names = {status.model_version for status in look.answers(version.key)}
        if len(names) != 1 or (name := names.pop()) == version.model_version or name is None:
            continue
        if version.model_version is not None:
            words = f"Pods that ran {version.model_version} now run {name}: the weights behind spec.model changed."
            told.append(Event("Warning", "ModelVersionChanged", words))
        state = with_version(state, version.key, model_version=name)
        if state.migration is not None and state.migration.key == version.key:
            state = replace(state, migration=state.migration.model_copy(update={"target": name}))
    return state, tuple(told)


def _soonest(*seconds: float | None) -> float | None:
    return min((value for value in seconds if value is not None), default=None)
