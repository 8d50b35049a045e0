"""How a candidate begins: its pods start, and the golden picture judges them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dino_operator.rollout.canary import begin_step
from dino_operator.rollout.clock import instant, moment
from dino_operator.rollout.cutover import cut_over
from dino_operator.rollout.faults import fault_of, lacks
from dino_operator.rollout.look import Look, Move, enter, name_of, waits, with_migration
from dino_operator.rollout.rollback import roll_back
from dino_operator.rollout.selftest import tested
from dino_operator.rollout.step import Ask, Event, RolloutState
from dino_operator.rollout.target import make_room
from dino_operator.spec.status import MigrationStatus, VersionStatus

# As long as Kubernetes waits for a Deployment of inference: a large model is fetched and loaded in it.
DEADLINE_SECONDS = 1200.0
_SOON = 5.0


def start(state: RolloutState, look: Look) -> Move:
    """Wait for a pod of the candidate that has its model."""
    candidate, migration = _both(state)
    pods = look.seen.pods_of("inference", candidate.key)
    resource = look.resource.spec.inference.gpu_resource
    crowded = migration.mode is None or (resource is not None and lacks(pods, resource))
    if crowded and (move := make_room(state, look)) is not None:
        return move
    if look.answers(candidate.key):
        return Move(enter(state, "SelfTest", look, deadline=_deadline(look)), after=0)
    if look.resource.spec.inference.most == 0:
        return _excused(state, "spec.inference.replicas is 0: set it to 1 or more, so that the new version can start.")
    if (fault := fault_of(pods)) is not None:
        unplaced = fault.reason in ("Unschedulable", "NoGpuNode") and migration.mode == "surge"
        return _excused(state, fault.message) if unplaced else _patient(state, look, fault.message)
    if look.ready(candidate.key):
        return _patient(state, look, f"Pods of {name_of(candidate)} are ready but do not answer over NATS yet.")
    return _patient(state, look, None)


def test(state: RolloutState, look: Look) -> Move:
    """Ask for the golden picture, and judge by the answer."""
    candidate, migration = _both(state)
    state, answer = tested(state, look, candidate.key)
    if answer is None or answer.error is not None:
        words = f"The self-test of {name_of(candidate)} has no answer yet: {answer.error}" if answer else None
        move = _patient(state, look, words)
        return replace(move, asks=(Ask("self-test", candidate.key),))
    if not answer.passed:
        cosine = "unknown" if answer.cosine is None else f"{answer.cosine:.5f}"
        words = f"{name_of(candidate)} failed its self-test: cosine {cosine} with the golden picture's features"
        bound = "" if answer.bound is None else f", at least {answer.bound:g}"
        return roll_back(state, look, "SelfTestFailed", f"{words}{bound}.")
    speed = f", {answer.images_per_second:.1f} images/s a pod" if answer.images_per_second else ""
    passed = Event("Normal", "SelfTestPassed", f"{name_of(candidate)} passed its self-test{speed}.")
    if migration.mode == "replace":
        move = cut_over(state, look)
    else:
        served_before = candidate.until is not None and candidate.answered
        steps = look.resource.spec.inference.rollout.canary.steps
        move = begin_step(state, look, len(steps) if served_before else 0)
    return replace(move, events=(passed, *move.events))


def _patient(state: RolloutState, look: Look, why: str | None) -> Move:
    """Wait, but not for ever."""
    candidate, migration = _both(state)
    end = instant(migration.deadline)
    if end is None:
        return waits(with_migration(state, deadline=_deadline(look)), why, _SOON)
    if look.now >= end:
        words = f"{name_of(candidate)} did not answer within {DEADLINE_SECONDS / 60:.0f} minutes. {why or ''}".strip()
        return roll_back(state, look, "ProgressDeadlineExceeded", words)
    return waits(state, why, _SOON)


def _excused(state: RolloutState, why: str) -> Move:
    """Wait for something that is no fault of the version, as long as it takes."""
    return waits(with_migration(state, deadline=None), why, _SOON)


def _deadline(look: Look) -> str:
    return moment(look.now + timedelta(seconds=DEADLINE_SECONDS))


def _both(state: RolloutState) -> tuple[VersionStatus, MigrationStatus]:
    assert state.candidate is not None
    assert state.migration is not None
    return state.candidate, state.migration
