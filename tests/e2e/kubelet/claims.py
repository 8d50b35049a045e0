"""A provisioner: every claim gets a directory of its own; it goes when the claim goes."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from tests.e2e.kubelet.api import Api, ApiError, Manifest

log = logging.getLogger(__name__)
VOLUMES = "/api/v1/persistentvolumes"
MADE_HERE = {"e2e.dinov3.io/provisioner": "directory"}


async def provision(api: Api, directory: Path) -> None:
    """Follow the claims for ever; each that is unbound gets a volume below ``directory``, bound to it alone."""
    async for kind, claim in api.follow("/api/v1/persistentvolumeclaims"):
        if kind == "DELETED" or claim["spec"].get("volumeName"):
            continue
        try:
            await api.create(VOLUMES, _volume(claim, directory))
        except ApiError as error:
            if error.status != 409:
                log.warning("no volume for %s: %s", claim["metadata"]["name"], error)


async def reclaim(api: Api) -> None:
    """Follow the volumes for ever; those whose claim was deleted go, with their directory."""
    selector = ",".join(f"{name}={value}" for name, value in MADE_HERE.items())
    async for kind, volume in api.follow(VOLUMES, labelSelector=selector):
        if kind != "DELETED" and volume.get("status", {}).get("phase") == "Released":
            shutil.rmtree(volume["spec"]["hostPath"]["path"], ignore_errors=True)
            try:
                await api.delete(f"{VOLUMES}/{volume['metadata']['name']}")
            except ApiError as error:
                log.warning("the volume %s stays: %s", volume["metadata"]["name"], error)


def _volume(claim: Manifest, directory: Path) -> Manifest:
    metadata, spec = claim["metadata"], claim["spec"]
    place = directory / f"{metadata['namespace']}_{metadata['name']}"
    place.mkdir(parents=True, exist_ok=True)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-{metadata['uid']}", "labels": MADE_HERE},
        "spec": {
            "capacity": spec["resources"]["requests"],
            "accessModes": spec["accessModes"],
            "storageClassName": spec.get("storageClassName", ""),
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                **{name: metadata[name] for name in ("name", "namespace", "uid")},
            },
            "hostPath": {"path": str(place)},
        },
    }
