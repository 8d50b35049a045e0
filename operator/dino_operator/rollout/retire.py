"""Which versions are gone for good, and which one was kept long enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dino_operator.rollout.capacity import GRACE_SECONDS
from dino_operator.rollout.clock import instant, moment, seconds_since, span
from dino_operator.rollout.look import Look, Move, name_of, with_version
from dino_operator.rollout.step import Event, RolloutState
from dino_operator.spec.status import VersionStatus

_MOST = 20


def drop(state: RolloutState, version: VersionStatus) -> RolloutState:
    """Return the state without a version; its features are to go too, unless another version's are the same."""
    versions = tuple(v for v in state.versions if v.key != version.key)
    retired = [*(state.model.retired or ())]
    if version.model_version is not None and version.model_version not in retired:
        retired.append(version.model_version)
    return tidy(replace(state, versions=versions, model=state.model.model_copy(update={"retired": retired or None})))


def tidy(state: RolloutState) -> RolloutState:
    """Return the state with ``model`` as its versions have it; nothing in use counts as retired."""
    live = {version.model_version for version in state.versions}
    retired = [name for name in state.model.retired or () if name not in live][-_MOST:]
    serving, previous = state.serving, state.previous
    model = state.model.model_copy(
        update={
            "version": serving.model_version if serving.answered else None,
            "previous": name_of(previous) if previous else None,
            "previous_until": previous.until if previous else None,
            "retired": retired or None,
        }
    )
    return replace(state, model=model)


def keep_until(state: RolloutState, look: Look) -> RolloutState:
    """Return the state with the end of the previous version's time by the spec of now."""
    previous = state.previous
    since = instant(previous.since) if previous else None
    if previous is None or since is None:
        return state
    kept = max(span(look.model.keep_previous), timedelta(seconds=GRACE_SECONDS))
    return with_version(state, previous.key, until=moment(since + kept))


def expire(state: RolloutState, look: Look) -> Move | None:
    """Return the move that removes the previous version when its time is over; None before."""
    previous = state.previous
    if previous is None or (state.migration is not None and state.migration.phase == "CutOver"):
        return None
    if (until := instant(previous.until)) is None or look.now < until:
        return None
    message = f"{name_of(previous)} was kept for {look.model.keep_previous}; its pods, features and index are removed."
    return Move(drop(state, previous), (Event("Normal", "PreviousRemoved", message),), after=0)


def next_change(state: RolloutState, look: Look) -> float | None:
    """Return the seconds until the previous version changes by itself."""
    previous = state.previous
    if previous is None:
        return None
    grace = GRACE_SECONDS - seconds_since(previous.since, look.now)
    if grace > 0:
        return grace
    until = instant(previous.until)
    return max(0.0, (until - look.now).total_seconds()) if until else None
