"""Where a rollout stands: from the status, else from the Deployments that run, else from the spec alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from dino_operator.observe import DeploymentSeen, Seen
from dino_operator.render.context import plain
from dino_operator.render.facts import model_key
from dino_operator.rollout.clock import moment
from dino_operator.rollout.step import RolloutState
from dino_operator.spec.deployment import DinoDeployment
from dino_operator.spec.model import Model
from dino_operator.spec.status import DinoDeploymentStatus, MigrationStatus, ModelStatus, VersionStatus

_ROLES = {"serving": "serving", "dark": "candidate", "canary": "candidate", "previous": "previous"}
_WITH_CANDIDATE = ("Starting", "SelfTest", "Canary", "ReEmbedding")


def recall(resource: DinoDeployment, status: DinoDeploymentStatus, seen: Seen, now: datetime) -> RolloutState:
    """Return the state to go on from; exactly one version serves in it, and at most one has each other role."""
    model = status.model or ModelStatus.model_validate({})
    versions = _remembered(status)
    if versions:
        return RolloutState(versions, model, _migration(status, versions))
    versions = _running(resource, seen, now)
    migration = None
    if candidate := next((v for v in versions if v.role == "candidate"), None):
        migration = new_migration(phase="Starting", key=candidate.key, since=moment(now))
    return RolloutState(versions, model, migration)


def model_of(version: VersionStatus) -> Model:
    """Return the spec.model that a version runs."""
    return Model.model_validate(version.model)


def new_version(model: Model, role: str, now: datetime, **more: Any) -> VersionStatus:
    """Return a version that has just taken its role."""
    return VersionStatus.model_validate(
        {"key": model_key(model), "role": role, "since": moment(now), "model": plain(model)} | more
    )


def new_migration(**fields: Any) -> MigrationStatus:
    """Return a migration with some fields set, by their names here."""
    return MigrationStatus.model_validate(fields)


def readable(model: Mapping[str, Any] | None) -> Model | None:
    """Return a model that was written down, or None where it is not one."""
    try:
        return None if model is None else Model.model_validate(model)
    except ValidationError:
        return None


def _remembered(status: DinoDeploymentStatus) -> tuple[VersionStatus, ...]:
    found: list[VersionStatus] = []
    for version in status.versions or []:
        model = readable(version.model)
        # A key of another operator's reckoning would name objects that rendering does not know.
        if model is None:
            continue
        found.append(version.model_copy(update={"key": model_key(model)}))
    return _consistent(found)


def _consistent(versions: list[VersionStatus]) -> tuple[VersionStatus, ...]:
    """Return one version of each role, none twice, or nothing when none serves."""
    chosen: dict[str, VersionStatus] = {}
    for role in ("serving", "candidate", "previous"):
        taken = {version.key for version in chosen.values()}
        of_role = (v for v in versions if v.role == role and v.key not in taken)
        if (version := next(of_role, None)) is not None:
            chosen[role] = version
    return tuple(chosen.values()) if "serving" in chosen else ()


def _migration(status: DinoDeploymentStatus, versions: tuple[VersionStatus, ...]) -> MigrationStatus | None:
    """Return the migration as far as it fits the versions; one that has lost its phase begins anew."""
    migration = status.migration
    candidate = next((v for v in versions if v.role == "candidate"), None)
    if candidate is not None:
        if migration is not None and migration.key == candidate.key and migration.phase in _WITH_CANDIDATE:
            return migration
        failed = migration.failed if migration else None
        return new_migration(phase="Starting", key=candidate.key, since=candidate.since, failed=failed)
    if migration is None or migration.phase in ("CutOver", "RolledBack"):
        return migration
    # After a replacement the version that serves embeds the library.
    return migration if migration.phase == "ReEmbedding" and migration.mode == "replace" else None


def _running(resource: DinoDeployment, seen: Seen, now: datetime) -> tuple[VersionStatus, ...]:
    """Return the versions that the Deployments tell of; the spec's model serves where they tell of none."""
    wanted = resource.spec.model
    target = model_key(wanted)
    found: list[VersionStatus] = []
    deployments = [d for d in seen.deployments if d.service == "inference" and d.key is not None]
    # Where several say that they serve, the one with pods does.
    for deployment in sorted(deployments, key=lambda d: (-d.ready, d.name)):
        model = readable(deployment.model) or (wanted if deployment.key == target else None)
        role = _ROLES.get(deployment.role or "")
        if model is None or role is None or model_key(model) != deployment.key:
            continue
        if role == "candidate" and deployment.key != target:
            continue
        found.append(new_version(model, role, now, answered=role == "previous" or _has_run(deployment)))
    if found and all(version.role != "serving" for version in found):
        first = next((v for v in found if v.answered), found[0])
        found = [first.model_copy(update={"role": "serving"}), *(v for v in found if v is not first)]
    return _consistent(found) or (new_version(wanted, "serving", now),)


def _has_run(deployment: DeploymentSeen) -> bool:
    complete = any(c.type == "Progressing" and c.reason == "NewReplicaSetAvailable" for c in deployment.conditions)
    return deployment.ready > 0 or complete
