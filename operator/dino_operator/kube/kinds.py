"""Kinds of objects, and which of them the operator makes, follows and removes."""

from __future__ import annotations

from dataclasses import dataclass

from dino_operator.render.facts import AUTOSCALING, GATEWAY_API, POLICY
from dino_operator.spec.deployment import API_VERSION, KIND, PLURAL

MANAGED_BY = "app.kubernetes.io/managed-by"
INSTANCE = "app.kubernetes.io/instance"
MANAGER = "dino-operator"
CHILDREN_SELECTOR = f"{MANAGED_BY}={MANAGER}"
PODS_SELECTOR = "app.kubernetes.io/name=dinov3-platform"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in one API version.

    Attributes:
        api_version: such as ``apps/v1``.
        kind: such as ``Deployment``.
        plural: its name in paths, such as ``deployments``.
        namespaced: whether its objects lie in namespaces.
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """API group; empty for the core."""
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """Return the URL path of the collection, of an object, or of a part of it."""
        path = f"/{'apis' if '/' in self.api_version else 'api'}/{self.api_version}"
        if self.namespaced and namespace is not None:
            path += f"/namespaces/{namespace}"
        path += f"/{self.plural}"
        if name is not None:
            path += f"/{name}"
        return f"{path}/{subresource}" if subresource else path


RESOURCE = Kind(API_VERSION, KIND, PLURAL)
PODS = Kind("v1", "Pod", "pods")
NODES = Kind("v1", "Node", "nodes", namespaced=False)
SECRETS = Kind("v1", "Secret", "secrets")
EVENTS = Kind("v1", "Event", "events")
LEASES = Kind("coordination.k8s.io/v1", "Lease", "leases")
DEPLOYMENTS = Kind("apps/v1", "Deployment", "deployments")
CLAIMS = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")

# Every kind that is rendered, each with the versions it may have, newest first; the first one served is used.
CHILDREN: tuple[tuple[Kind, ...], ...] = (
    (Kind("v1", "ServiceAccount", "serviceaccounts"),),
    (Kind("rbac.authorization.k8s.io/v1", "Role", "roles"),),
    (Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),),
    (Kind("v1", "ConfigMap", "configmaps"),),
    (CLAIMS,),
    (Kind("v1", "Service", "services"),),
    (Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),),
    tuple(Kind(version, "PodDisruptionBudget", "poddisruptionbudgets") for version in POLICY),
    (DEPLOYMENTS,),
    tuple(Kind(version, "HorizontalPodAutoscaler", "horizontalpodautoscalers") for version in AUTOSCALING),
    (Kind("keda.sh/v1alpha1", "ScaledObject", "scaledobjects"),),
    (Kind("networking.k8s.io/v1", "Ingress", "ingresses"),),
    tuple(Kind(version, "HTTPRoute", "httproutes") for version in GATEWAY_API),
    (Kind("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors"),),
)

# Data outlives the resource and the operator's wishes.
KEPT_FOR_EVER = frozenset({CLAIMS.kind})
