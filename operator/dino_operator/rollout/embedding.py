"""Embedding the library: how far it is, and when everything is there for the cut-over."""

from __future__ import annotations

from datetime import timedelta

from dino_operator.observe import IndexSeen, LibrarySeen
from dino_operator.rollout.capacity import candidate_pods
from dino_operator.rollout.clock import instant, moment, seconds_since
from dino_operator.rollout.cutover import cut_over, finish, index_of
from dino_operator.rollout.look import Look, Move, name_of, waits, with_migration
from dino_operator.rollout.rollback import roll_back
from dino_operator.rollout.step import RolloutState
from dino_operator.rollout.target import make_room
from dino_operator.spec.status import MigrationStatus, VersionStatus

_SOON = 5.0
# For an index that counts otherwise than the library does: what was stored last is in it by then.
_SETTLED_SECONDS = 30.0


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
    if (move := _too_many_left_out(state, look, version, library)) is not None:
        return move
    if analytics is None:
        return waits(state, "The library is embedded, but analytics does not answer: its index is not known.", _SOON)
    index = analytics.candidate if state.candidate else analytics.serving
    settled = seconds_since(state.migration and state.migration.embedded_at, look.now) >= _SETTLED_SECONDS
    behind = not settled and index is not None and index.indexed < library.done
    if behind or not _complete(index, version, state, analytics.serving):
        fault = f" ({index.fault})" if index is not None and index.fault else ""
        return waits(state, f"The library is embedded; analytics is filling its index{fault}.", 2.0)
    if state.candidate is None:
        return finish(state, look)
    return _with_its_pods(state, look, version)


def _too_many_left_out(state: RolloutState, look: Look, version: VersionStatus, library: LibrarySeen) -> Move | None:
    """Return the move that keeps searches from losing pictures that the serving version finds; None: all is well.

    A look through the library ends also where it failed. What the serving version lacks too is no fault of the new one.
    """
    if state.candidate is None:
        return None
    told = [s.library for s in look.answers(state.serving.key) if s.library is not None]
    failed = library.failed - min((found.total - found.done for found in told), default=0)
    most = look.resource.spec.inference.rollout.canary.checks.max_error_rate
    # A single failure among few pictures is no rate.
    if failed <= 1 or 100.0 * failed / library.total <= most:
        return None
    words = f"{name_of(version)} could not embed {failed} of {library.total} pictures"
    if any(s.library is not None and not s.library.complete for s in look.answers(version.key)):
        return waits(state, f"{words} in one of its pods; others are still at it.", _SOON)
    return roll_back(state, look, "ErrorRate", f"{words} (at most {most:g} % by canary.checks.maxErrorRate).")


def _with_its_pods(state: RolloutState, look: Look, version: VersionStatus) -> Move:
    """Cut over when the new version has the pods that the whole load needs, or as many as find a place."""
    wanted, ready = candidate_pods(look, state), look.ready(version.key)
    pods, resource = look.seen.pods_of("inference", version.key), look.resource.spec.inference.gpu_resource
    crowded = resource is not None and any(resource in (pod.unschedulable or "") for pod in pods)
    # Some found a spare GPU and the rest did not: the old pods share theirs before the load moves.
    if ready < wanted and crowded and (move := make_room(state, look)) is not None:
        return move
    late = any(not pod.ready and pod.unschedulable is None for pod in pods)
    if ready < 1 or (ready < wanted and (late or len(pods) < wanted)):
        return waits(state, f"{ready} of {wanted} pods of {name_of(version)} are ready: the rest is awaited.", _SOON)
    return cut_over(state, look)


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
    embedded = (migration.embedded_at or moment(look.now)) if library.complete else None
    return with_migration(state, percent=percent, eta=_eta(migration, look, library), embedded_at=embedded)


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


def _complete(index: IndexSeen | None, version: VersionStatus, state: RolloutState, serving: IndexSeen | None) -> bool:
    if index is not None and index_of(index, version):
        return index.complete
    # The same weights under another key need no index of their own.
    same = version.model_version == state.serving.model_version
    return same and serving is not None and serving.complete and serving.model_version == version.model_version
