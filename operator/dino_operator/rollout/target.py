"""What the spec wants of the rollout: nothing new, another model, or the one before."""

from __future__ import annotations

from dataclasses import replace

from dino_operator.render.context import plain
from dino_operator.render.facts import model_key
from dino_operator.rollout.capacity import Mode, choose_mode, wanted_pods
from dino_operator.rollout.clock import moment
from dino_operator.rollout.cutover import turn_back
from dino_operator.rollout.look import Look, Move, name_of, with_version
from dino_operator.rollout.recovery import model_of, new_migration, new_version
from dino_operator.rollout.retire import drop, tidy
from dino_operator.rollout.step import Event, RolloutState
from dino_operator.spec.model import Model
from dino_operator.spec.status import MigrationStatus

_ROOM: dict[Mode, str] = {
    "surge": "Its pods start beside the old ones.",
    "giveUpOne": "There is no room for more pods: the serving version gives up one for it.",
    "replace": "There is no room for a second pod: the old one is stopped, and nothing answers until the new one does.",
}


def settle(state: RolloutState, look: Look) -> Move | None:
    """Return the move to what the spec wants; None when the rollout is on its way there or stays where it is."""
    target, candidate = model_key(look.model), state.candidate
    if candidate is not None and candidate.key != target:
        return _abandon(state, look)
    if target == state.serving.key:
        return _forget_failure(state)
    if not state.serving.answered:
        return None if _refused(state, look.model) else _put_in_place(state, look)
    if candidate is not None or _refused(state, look.model):
        return None
    if state.migration is not None and state.migration.phase == "CutOver":
        # The change before is finished first, so that no request is between two of them; or taken back.
        return turn_back(state, look) if state.previous is not None and state.previous.key == target else None
    return _start(state, look)


def follow_spec(state: RolloutState, look: Look) -> RolloutState:
    """Return the state with changes of the spec that make no other model, such as the precision."""
    key = model_key(look.model)
    version = next((v for v in state.versions if v.key == key), None)
    if version is None or without_keeping(model_of(version)) == without_keeping(look.model):
        return state
    changes = {"model": plain(look.model), "self_test": None}
    if version.role != "previous":
        changes["since"] = moment(look.now)
    state = with_version(state, key, **changes)
    if version.role == "candidate":
        mode = state.migration.mode if state.migration else None
        pods = state.migration.pods if state.migration else None
        state = replace(state, migration=_starting(key, name_of(version), look, mode, pods))
    return state


def without_keeping(model: Model) -> dict[str, object]:
    """Return a model's spec but for how long it is kept, which is no part of it."""
    return {name: value for name, value in plain(model).items() if name != "keepPrevious"}


def _refused(state: RolloutState, model: Model) -> bool:
    failed = state.migration.failed if state.migration else None
    if failed is None:
        return False
    try:
        return without_keeping(Model.model_validate(failed.model)) == without_keeping(model)
    except ValueError:
        return failed.key == model_key(model)


def _forget_failure(state: RolloutState) -> Move | None:
    """A target that was sent back is no target any more once the spec names the version that serves."""
    if state.migration is None or state.migration.phase != "RolledBack":
        return None
    return Move(replace(state, migration=None), after=0)


def release(state: RolloutState, look: Look) -> RolloutState:
    """Return the state without its candidate: one that served before is kept as previous again."""
    candidate = state.candidate
    if candidate is None:
        return state
    if candidate.until is None:
        return drop(state, candidate)
    changes = {"role": "previous", "weight": 0, "since": moment(look.now)}
    return tidy(with_version(state, candidate.key, **changes))


def _abandon(state: RolloutState, look: Look) -> Move:
    candidate = state.candidate
    assert candidate is not None
    state = replace(release(state, look), migration=None)
    message = (
        f"spec.model names another model than {name_of(candidate)}: its migration ends where it is, and "
        f"{name_of(state.serving)} goes on serving."
    )
    return Move(state, (Event("Normal", "MigrationAbandoned", message),), after=0)


def _put_in_place(state: RolloutState, look: Look) -> Move:
    """Replace a version that never answered: there is nobody to spare the change."""
    old, target = state.serving, model_key(look.model)
    new = next((v for v in state.versions if v.key == target), None)
    if new is None:
        new = new_version(look.model, "serving", look.now)
    else:
        new = new.model_copy(update={"role": "serving", "since": moment(look.now), "until": None})
    others = tuple(v for v in state.versions if v.key not in (old.key, target))
    state = replace(state, versions=(new, old.model_copy(update={"role": "candidate"}), *others), migration=None)
    state = drop(state, state.candidate or old)
    message = f"{name_of(old)} never answered: {name_of(new)} takes its place directly."
    return Move(state, (Event("Normal", "ModelReplaced", message),), after=0)


def _start(state: RolloutState, look: Look) -> Move:
    target = model_key(look.model)
    known = next((v for v in state.versions if v.key == target), None)
    if known is None:
        candidate = new_version(look.model, "candidate", look.now)
        state = replace(state, versions=(*state.versions, candidate))
    else:
        candidate = known.model_copy(
            update={"role": "candidate", "since": moment(look.now), "model": plain(look.model), "self_test": None}
        )
        state = replace(state, versions=tuple(candidate if v.key == target else v for v in state.versions))
    mode = choose_mode(look, state.serving)
    pods = wanted_pods(look, state.serving.key) if mode == "giveUpOne" else None
    state = tidy(replace(state, migration=_starting(target, name_of(candidate), look, mode, pods)))
    way = "It served before, so it skips the canary." if known is not None and known.answered else ""
    message = f"{name_of(state.serving)} is to give way to {name_of(candidate)}. {_ROOM[mode]} {way}".strip()
    kind = "Normal" if mode == "surge" else "Warning"
    return Move(state, (Event(kind, "MigrationStarted", message),), after=0)


def _starting(key: str, target: str, look: Look, mode: Mode | None, pods: int | None) -> MigrationStatus:
    return new_migration(phase="Starting", key=key, target=target, mode=mode, pods=pods, since=moment(look.now))


def make_room(state: RolloutState, look: Look) -> Move | None:
    """Return the move to another mode when pods that were to start beside the old ones find no GPU; else None."""
    migration, candidate = state.migration, state.candidate
    inference = look.resource.spec.inference
    if migration is None or candidate is None or migration.mode not in (None, "surge"):
        return None
    if migration.mode == "surge" and inference.rollout.strategy != "auto":
        return None
    mode = _mode_found(state, look) if migration.mode is None else choose_mode(look, state.serving, room=False)
    if mode == migration.mode:
        return None
    pods = wanted_pods(look, state.serving.key) if mode == "giveUpOne" else None
    changed = migration.model_copy(update={"mode": mode, "pods": pods})
    message = f"The pods of {name_of(candidate)}: {_ROOM[mode]}"
    kind = "Normal" if mode == "surge" else "Warning"
    event = Event(kind, "MigrationMode", message)
    return Move(replace(state, migration=changed), (event,), after=0)


def _mode_found(state: RolloutState, look: Look) -> Mode:
    """Return the mode of a migration that was recovered: pods that the serving version lacks were given up."""
    inference, deployment = look.resource.spec.inference, look.seen.inference(state.serving.key)
    if inference.autoscaling is None and deployment is not None and deployment.desired < inference.most:
        return "replace" if deployment.desired == 0 else "giveUpOne"
    return choose_mode(look, state.serving)
