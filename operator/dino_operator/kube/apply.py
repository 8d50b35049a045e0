"""Bringing children to what is wanted: server-side apply of what differs, and never what others own."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import orjson

from dino_operator import metrics
from dino_operator.kube.client import APPLY, KubeClient, Object
from dino_operator.kube.contained import contained
from dino_operator.kube.errors import AlreadyExists, Conflict, NotFound
from dino_operator.kube.kinds import CLAIMS, DEPLOYMENTS, INSTANCE, MANAGED_BY, MANAGER, Kind

APPLIED = "dinov3.io/applied"
# Holds the number of pods for the moment in which the operator lets go of it.
_HANDOVER = f"{MANAGER}-handover"
_SCALERS = frozenset({"kube-controller-manager", "keda-operator", "vpa-recommender"})


class NameTaken(Exception):
    """A child's name belongs to an object of somebody else."""

    def __init__(self, kind: str, name: str, owner: str) -> None:
        """Say whose."""
        super().__init__(
            f"{kind} {name} is there already and belongs to {owner}: remove or rename it, or give the DinoDeployment "
            "another name"
        )


def finished(item: Object, owner: Object | None) -> Object:
    """Return a rendered object as it is applied: with its owner, and a hash of what was wanted.

    Args:
        item: as rendered.
        owner: the resource's ownerReference; None for what outlives it.
    """
    done = copy.deepcopy(item)
    metadata = done["metadata"]
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    digest = hashlib.sha256(orjson.dumps(done, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    metadata["annotations"] = metadata.get("annotations", {}) | {APPLIED: digest}
    return done


def owner_reference(resource: Object) -> Object:
    """Return the reference by which the cluster removes children with their resource."""
    metadata = resource["metadata"]
    return {
        "apiVersion": resource["apiVersion"],
        "kind": resource["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": False,
    }


def kept(item: Object) -> Object:
    """Return what is remembered of a live child: without the long list of who wrote what, but for replicas."""
    metadata = {name: value for name, value in item["metadata"].items() if name != "managedFields"}
    found = item | {"metadata": metadata}
    if item.get("kind") == DEPLOYMENTS.kind and "managedFields" in item["metadata"]:
        found["replicasOwners"] = _replicas_owners(item["metadata"]["managedFields"])
    return found


def _replicas_owners(entries: list[Any]) -> list[str]:
    owners: list[str] = []
    for entry in entries:
        if "f:replicas" not in ((entry.get("fieldsV1") or {}).get("f:spec") or {}):
            continue
        manager = entry.get("manager", "")
        if manager in (MANAGER, _HANDOVER):
            owners.append(manager)
        elif (
            entry.get("operation") == "Apply" or entry.get("subresource") == "scale" or manager in _SCALERS
        ) and not manager.startswith("kubectl"):
            # A controller; what people edit by hand is put right like every other field.
            owners.append(f"other:{manager}")
    return owners


def others_replicas(live: Object | None) -> str | None:
    """Return the controller that owns a live Deployment's number of pods, if it is not the operator."""
    owners = (live or {}).get("replicasOwners", [])
    return next((owner.removeprefix("other:") for owner in owners if owner.startswith("other:")), None)


def differs(wanted: Object, live: Object | None) -> bool:
    """Tell whether an object must be applied: it is not there, was applied as something else, or was edited."""
    if live is None:
        return True
    metadata = live["metadata"]
    if metadata.get("annotations", {}).get(APPLIED) != wanted["metadata"]["annotations"][APPLIED]:
        return True
    return metadata.get("deletionTimestamp") is None and not contained(wanted, live)


async def apply(client: KubeClient, kind: Kind, wanted: Object, live: Object | None) -> Object:
    """Apply one object and return it as the server has it.

    Fields that a person or another tool changed are taken back; the number of pods is left to the controller that
    owns it, and passed on without a jump to one that is to own it.

    Args:
        client, kind: where.
        wanted: as `finished` returned it.
        live: as last seen; None when no such child of ours is known.

    Raises:
        NameTaken: an object of somebody else has that name.
        ApiError: the server refuses, or does not answer.
    """
    if (
        live is not None
        and kind.kind == DEPLOYMENTS.kind
        and "replicas" not in wanted["spec"]
        and MANAGER in live.get("replicasOwners", [])
    ):
        await _hand_over(client, kind, live)
    if live is None:
        # Before anything is sent: an object of somebody else that has no field in conflict would become a child,
        # and go with the resource.
        await _not_anothers(client, kind, wanted)
    done = await _send(client, kind, wanted, force=True)
    metrics.CHILD_WRITES.labels(kind.kind, "created" if live is None else "updated").inc()
    return done


async def _send(client: KubeClient, kind: Kind, item: Object, *, force: bool, manager: str = MANAGER) -> Object:
    metadata = item["metadata"]
    return await client.request(
        "apply",
        "PATCH",
        kind.path(metadata.get("namespace"), metadata["name"]),
        params={"fieldManager": manager, "force": "true" if force else "false"},
        body=item,
        content_type=APPLY,
    )


async def _hand_over(client: KubeClient, kind: Kind, live: Object) -> None:
    """Have somebody own the present number of pods, as a field that loses its last owner falls back to 1."""
    metadata = live["metadata"]
    holding = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "spec": {"replicas": live["spec"].get("replicas", 1)},
    }
    await _send(client, kind, holding, force=True, manager=_HANDOVER)


async def _not_anothers(client: KubeClient, kind: Kind, wanted: Object) -> None:
    metadata = wanted["metadata"]
    try:
        found = await client.request("get", "GET", kind.path(metadata["namespace"], metadata["name"]))
    except NotFound:
        return
    mine = {owner["uid"] for owner in metadata.get("ownerReferences", [])}
    theirs = found["metadata"].get("ownerReferences", [])
    labels = found["metadata"].get("labels", {})
    ours = labels.get(MANAGED_BY) == MANAGER and labels.get(INSTANCE) == metadata["labels"][INSTANCE]
    if mine & {owner["uid"] for owner in theirs} or (ours and (kind.kind == CLAIMS.kind or not theirs)):
        return
    owner = next((f"{o['kind']} {o['name']}" for o in theirs), labels.get(MANAGED_BY, "nobody known"))
    raise NameTaken(kind.kind, metadata["name"], owner)


async def remove(client: KubeClient, kind: Kind, live: Object) -> None:
    """Delete a child, exactly this one; one that is gone is done."""
    metadata = live["metadata"]
    try:
        await client.request(
            "delete",
            "DELETE",
            kind.path(metadata.get("namespace"), metadata["name"]),
            body={
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "propagationPolicy": "Background",
                "preconditions": {"uid": metadata["uid"]},
            },
        )
    except (NotFound, Conflict, AlreadyExists):
        return
    metrics.CHILD_WRITES.labels(kind.kind, "deleted").inc()
