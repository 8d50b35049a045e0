"""The phases of a migration but the canary: each tells what it waits for, or moves on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dino_operator.observe import IndexSeen, LibrarySeen
from dino_operator.rollout.canary import begin_step
from dino_operator.rollout.capacity import candidate_pods
from dino_operator.rollout.clock import instant, moment
from dino_operator.rollout.faults import fault_of, lacks
from dino_operator.rollout.look import Look, Move, enter, name_of, waits, with_migration
from dino_operator.rollout.retire import drop, keep_until, tidy
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


def embed(state: RolloutState, look: Look) -> Move:
    """Follow the embedding of the library; cut over when inference and analytics have all of it."""
    version = state.candidate or state.serving
    analytics = look.seen.bus.analytics
    if not look.answers(version.key):
        return waits(state, f"No pod of {name_of(version)} answers: embedding waits.", _SOON)
    library = _library(look, version)
    state = _progressed(state, look, library)
    if library is None or not library.complete:
        words = None if library is not None else f"{name_of(version)} has not told how far the library is yet."
        return waits(state, words, _pace(library))
    if analytics is None:
        return waits(state, "The library is embedded, but analytics does not answer: its index is not known.", _SOON)
    index = analytics.candidate if state.candidate else analytics.serving
    if not _indexed(index, version, state, analytics.serving):
        fault = f" ({index.fault})" if index is not None and index.fault else ""
        return waits(state, f"The library is embedded; analytics is filling its index{fault}.", 2.0)
    if state.candidate is None:
        return finish(state, look)
    wanted, ready = candidate_pods(look, state), look.ready(version.key)
    late = [p for p in look.seen.pods_of("inference", version.key) if not p.ready and p.unschedulable is None]
    if ready < 1 or (ready < wanted and (late or len(look.seen.pods_of("inference", version.key)) < wanted)):
        return waits(state, f"{ready} of {wanted} pods of {name_of(version)} are ready: the rest is awaited.", _SOON)
    return cut_over(state, look)


def cut_over(state: RolloutState, look: Look) -> Move:
    """Make the candidate the version that serves, for every service at once."""
    new, migration = _both(state)
    old, before = state.serving, state.previous
    if before is not None:
        state = drop(state, before)
    versions = (
        new.model_copy(update={"role": "serving", "weight": 0, "since": moment(look.now), "until": None}),
        old.model_copy(update={"role": "previous", "weight": 0, "since": moment(look.now)}),
    )
    state = enter(replace(state, versions=versions), "CutOver", look, target=name_of(new))
    state = tidy(keep_until(state, look))
    words = f"{name_of(new)} serves; {name_of(old)} is kept for {look.model.keep_previous}."
    if migration.mode == "replace":
        words += " The library is embedded from now on: searches find what has been embedded so far."
    return Move(state, (Event("Normal", "CutOver", words),), after=0)


def confirm(state: RolloutState, look: Look) -> Move:
    """Wait until analytics searches the new version's index; its answer is the last one to change."""
    serving, migration = state.serving, state.migration
    analytics = look.seen.bus.analytics
    if analytics is None:
        return waits(state, "Analytics does not answer: whether it searches the new index is not known.", 1.0)
    index = analytics.serving
    if index is None or not _of(index, serving):
        return waits(state, None, 1.0)
    if migration is not None and migration.mode == "replace":
        words = f"{name_of(serving)} embeds the library while it serves."
        state = enter(state, "ReEmbedding", look)
        return Move(state, (Event("Normal", "ReEmbeddingStarted", words),), after=0)
    return finish(state, look)


def finish(state: RolloutState, look: Look) -> Move:
    """End the migration."""
    words = f"The change to {name_of(state.serving)} is complete."
    return Move(replace(state, migration=None), (Event("Normal", "MigrationComplete", words),), after=0)


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


def _library(look: Look, version: VersionStatus) -> LibrarySeen | None:
    """Return the farthest of the pods' words: they tell of the same library, one a little later than another."""
    told = [s.library for s in look.answers(version.key) if s.library is not None]
    return max(told, key=lambda library: (library.complete, library.done), default=None)


def _progressed(state: RolloutState, look: Look, library: LibrarySeen | None) -> RolloutState:
    migration = state.migration
    if library is None or migration is None:
        return state
    share = 100.0 if library.complete or not library.total else 100.0 * library.done / library.total
    share = min(share, 100.0 if library.complete else 99.9)
    percent = max(migration.percent or 0.0, float(int(share * 10)) / 10)
    return with_migration(state, percent=percent, eta=_eta(migration, look, library))


def _eta(migration: MigrationStatus, look: Look, library: LibrarySeen) -> str | None:
    """Return when it is done; the moment told before where that still holds within a tenth of what is left."""
    if library.complete or library.eta_seconds is None:
        return None
    new, told = look.now + timedelta(seconds=library.eta_seconds), instant(migration.eta)
    if told is not None and abs((new - told).total_seconds()) <= max(15.0, library.eta_seconds / 10):
        return migration.eta
    return moment(new)


def _pace(library: LibrarySeen | None) -> float:
    left = library.eta_seconds if library else None
    return min(15.0, max(2.0, left / 20)) if left is not None else 2.0


def _indexed(index: IndexSeen | None, version: VersionStatus, state: RolloutState, serving: IndexSeen | None) -> bool:
    if index is not None and _of(index, version):
        return index.complete
    # The same weights under another key need no index of their own.
    same = version.model_version == state.serving.model_version
    return same and serving is not None and serving.complete and serving.model_version == version.model_version


def _of(index: IndexSeen, version: VersionStatus) -> bool:
    return index.key == version.key or index.model_version == version.model_version


def _both(state: RolloutState) -> tuple[VersionStatus, MigrationStatus]:
    assert state.candidate is not None
    assert state.migration is not None
    return state.candidate, state.migration
