"""How many pods each version gets, and who makes room when there is no spare GPU."""

from __future__ import annotations

from math import ceil
from typing import Literal

from dino_operator.render.facts import ModelVersion, Role
from dino_operator.rollout.clock import seconds_since
from dino_operator.rollout.look import Look
from dino_operator.rollout.recovery import model_of
from dino_operator.rollout.step import RolloutState
from dino_operator.spec.status import VersionStatus

Mode = Literal["surge", "giveUpOne", "replace"]

# Requests that were sent to the version before are answered by it; its pods then drain in their own time.
GRACE_SECONDS = 30.0


def choose_mode(look: Look, serving: VersionStatus, *, room: bool | None = None) -> Mode:
    """Return how a new version gets its place.

    Args:
        look: what is seen.
        serving: the version that has the pods.
        room: whether there is a spare device; None: by the free ones that are seen.
    """
    inference = look.resource.spec.inference
    resource, gpu, strategy = inference.gpu_resource, inference.gpu, inference.rollout.strategy
    if room is None:
        room = resource is None or gpu is None or look.seen.free_gpus.get(resource, 0) >= gpu.count
    if strategy == "surge" or (strategy == "auto" and room):
        return "surge"
    pods = wanted_pods(look, serving.key)
    return "surge" if pods == 0 else "giveUpOne" if pods > 1 else "replace"


def wanted_pods(look: Look, key: str) -> int:
    """Return how many pods the serving version is to have: by the spec, or by the autoscaler that owns the number."""
    inference = look.resource.spec.inference
    if inference.autoscaling is None:
        return inference.most
    deployment = look.seen.inference(key)
    return max(1, inference.autoscaling.min) if deployment is None else deployment.desired


def candidate_pods(look: Look, state: RolloutState) -> int:
    """Return how many pods the candidate is to have in its phase."""
    candidate, migration = state.candidate, state.migration
    if candidate is None or migration is None or look.resource.spec.inference.most == 0:
        return 0
    total = _total(look, state)
    if migration.mode == "replace":
        return max(1, total)
    alone = migration.mode == "giveUpOne"
    match migration.phase:
        case "Canary":
            share = total * candidate.weight / 100
            return min(max(1, int(share)), max(1, total - 1)) if alone else max(1, ceil(share))
        case "ReEmbedding":
            # Beside each other the new one is as large as the old one before it takes the whole load.
            return max(1, total // 2 if alone else total)
        case _:
            return 1


def versions_to_run(look: Look, state: RolloutState) -> tuple[ModelVersion, ...]:
    """Return the versions for rendering: exactly one serves.

    The number of pods is left to the spec or the autoscaler for the serving version, unless it gives pods up; where an
    autoscaler owns it, a given number is the most that it may set.
    """
    found: list[ModelVersion] = []
    for version in state.versions:
        match version.role:
            case "serving":
                role, pods = "serving", _serving_pods(look, state)
            case "candidate":
                role, pods = _candidate_role(state), candidate_pods(look, state)
            case _:
                role, pods = "previous", _previous_pods(look, state, version)
        found.append(ModelVersion(model_of(version), role, version.weight, pods))
    return tuple(found)


def _candidate_role(state: RolloutState) -> Role:
    phase = state.migration.phase if state.migration else None
    return "canary" if phase in ("Canary", "ReEmbedding") else "dark"


def _total(look: Look, state: RolloutState) -> int:
    migration = state.migration
    if migration is not None and migration.mode == "giveUpOne" and look.resource.spec.inference.autoscaling is not None:
        return migration.pods or 1
    return wanted_pods(look, state.serving.key)


def _serving_pods(look: Look, state: RolloutState) -> int | None:
    mode = state.migration.mode if state.migration else None
    if state.candidate is None or mode in (None, "surge"):
        return None
    if mode == "replace":
        return 0
    return max(1, _total(look, state) - candidate_pods(look, state))


def _previous_pods(look: Look, state: RolloutState, version: VersionStatus) -> int:
    migration = state.migration
    switching = migration is not None and migration.phase == "CutOver"
    if migration is not None and migration.mode == "replace":
        return 0
    if switching or seconds_since(version.since, look.now) < GRACE_SECONDS:
        deployment = look.seen.inference(version.key)
        return 0 if deployment is None else deployment.desired
    return 0
