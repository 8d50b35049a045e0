"""What the rendering must know of the cluster and of the rollout; observed elsewhere, handed in frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dino_operator.spec.model import Model

KEDA = "scaledobjects.keda.sh"
SERVICE_MONITOR = "servicemonitors.monitoring.coreos.com"
HTTP_ROUTE = "httproutes.gateway.networking.k8s.io"

# Newest first.
AUTOSCALING = ("autoscaling/v2", "autoscaling/v2beta2")
POLICY = ("policy/v1", "policy/v1beta1")
GATEWAY_API = ("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1")

Role = Literal["serving", "dark", "canary", "previous"]


def model_key(model: Model) -> str:
    """Return eight hex digits that name a model version: its name, version, source and hash.

    Precision, cache and the checks do not count: changing them is no change of the features.
    """
    parts = model.model_dump(mode="json", include={"name", "version", "source", "sha256"}, exclude_none=True)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model version that runs, and its part in the rollout.

    Attributes:
        model: the spec it was started with.
        role: serving answers clients; dark and canary are new, and no vector of theirs meets one of the serving
            version; previous is kept for a return.
        weight: share of the load of a canary, percent; it decides its number of pods.
        replicas: pods, where the rollout says it; None: by the role. Of the serving version with an autoscaler: the
            most that it may set.
    """

    model: Model
    role: Role = "serving"
    weight: int = 0
    replicas: int | None = None

    @property
    def key(self) -> str:
        """Name of the version in object names and labels."""
        return model_key(self.model)


@dataclass(frozen=True, slots=True)
class Facts:
    """One observation of the cluster.

    Attributes:
        free_gpus: devices by resource name that no pod has asked for; those of this resource's own surge pods count
            as free, so that a rollout under way keeps its strategy.
        apis: served API versions, such as ``autoscaling/v2``.
        crds: names of installed CRDs that matter here.
        model_versions: versions in the rollout, with exactly one that serves; empty: the spec's model serves.
        secret_hashes: hash of each referenced Secret's data by name; a change of it restarts the pods that read it.
    """

    free_gpus: Mapping[str, int] = field(default_factory=dict)
    apis: frozenset[str] = frozenset((AUTOSCALING[0], POLICY[0], GATEWAY_API[0]))
    crds: frozenset[str] = frozenset()
    model_versions: tuple[ModelVersion, ...] = ()
    secret_hashes: Mapping[str, str] = field(default_factory=dict)

    def newest(self, versions: tuple[str, ...]) -> str | None:
        """Return the first of these API versions that is served."""
        return next((version for version in versions if version in self.apis), None)

    def versions_of(self, model: Model) -> tuple[ModelVersion, ...]:
        """Return the versions of the rollout; the spec's model alone when nothing is known.

        Raises:
            ValueError: not exactly one serves, or a version stands twice.
        """
        if not self.model_versions:
            return (ModelVersion(model),)
        if sum(version.role == "serving" for version in self.model_versions) != 1:
            raise ValueError("exactly one model version must serve")
        if len({version.key for version in self.model_versions}) != len(self.model_versions):
            raise ValueError("a model version stands twice")
        return self.model_versions
