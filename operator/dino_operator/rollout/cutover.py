"""The cut-over: every service turns to the new version at once, and the migration ends."""

from __future__ import annotations

from dataclasses import replace

from dino_operator.observe import IndexSeen
from dino_operator.rollout.clock import moment
from dino_operator.rollout.look import Look, Move, enter, name_of, waits
from dino_operator.rollout.retire import drop, keep_until, tidy
from dino_operator.rollout.step import Event, RolloutState
from dino_operator.spec.status import VersionStatus


def cut_over(state: RolloutState, look: Look) -> Move:
    """Make the candidate the version that serves, for every service at once."""
    new, old, before = state.candidate, state.serving, state.previous
    assert new is not None
    if before is not None:
        state = drop(state, before)
    versions = (
        new.model_copy(update={"role": "serving", "weight": 0, "since": moment(look.now), "until": None}),
        old.model_copy(update={"role": "previous", "weight": 0, "since": moment(look.now)}),
    )
    state = enter(replace(state, versions=versions), "CutOver", look, target=name_of(new))
    state = tidy(keep_until(state, look))
    words = f"{name_of(new)} serves; {name_of(old)} is kept for {look.model.keep_previous}."
    if state.migration is not None and state.migration.mode == "replace":
        words += " The library is embedded from now on: searches find what has been embedded so far."
    return Move(state, (Event("Normal", "CutOver", words),), after=0)


def turn_back(state: RolloutState, look: Look) -> Move | None:
    """Return the move that gives a cut-over up which analytics does not follow; None where that is not safe.

    It is a cut-over the other way: the version before has its pods still, analytics still searches its index, and
    the new version is kept as the previous one, with its pods for those who ask it at this moment.
    """
    old, new, migration = state.previous, state.serving, state.migration
    if old is None or migration is None or migration.mode == "replace":
        return None
    analytics = look.seen.bus.analytics
    index = analytics.serving if analytics else None
    if not look.answers(old.key) or (index is not None and index_of(index, new)):
        return None
    versions = (
        old.model_copy(update={"role": "serving", "weight": 0, "since": moment(look.now), "until": None}),
        new.model_copy(update={"role": "previous", "weight": 0, "since": moment(look.now)}),
    )
    state = enter(replace(state, versions=versions), "CutOver", look, key=old.key, target=name_of(old))
    state = tidy(keep_until(state, look))
    words = (
        f"spec.model names {name_of(old)} again before analytics searched the index of {name_of(new)}: "
        f"{name_of(old)} serves. Pictures uploaded in between are found once it has embedded them."
    )
    return Move(state, (Event("Warning", "TurnedBack", words),), after=0)


def confirm(state: RolloutState, look: Look) -> Move:
    """Wait until analytics searches the new version's index; its answer is the last one to change."""
    serving, migration = state.serving, state.migration
    analytics = look.seen.bus.analytics
    if analytics is None:
        return waits(state, "Analytics does not answer: whether it searches the new index is not known.", 1.0)
    index = analytics.serving
    if index is None or not index_of(index, serving):
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


def index_of(index: IndexSeen, version: VersionStatus) -> bool:
    """Tell whether an index is of a version: by its key, or by the name where two keys have the same weights."""
    return index.key == version.key or index.model_version == version.model_version
