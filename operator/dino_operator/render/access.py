"""Service accounts, and the rights of their pods: the gateway may change its own resource, the others nothing."""

from __future__ import annotations

from dino_operator.render.context import SERVICES, Context, Manifest
from dino_operator.spec.deployment import GROUP, PLURAL

_RBAC = "rbac.authorization.k8s.io"


def access(context: Context) -> list[Manifest]:
    """Return a ServiceAccount for each service, and the Role and RoleBinding of the gateway."""
    annotations = context.spec.pod_template.service_account_annotations
    accounts = [
        context.manifest(
            "v1",
            "ServiceAccount",
            context.object_name(service),
            service,
            annotations=annotations,
            automountServiceAccountToken=False,
        )
        for service in SERVICES
    ]
    name = context.object_name("gateway")
    # Thresholds set over HTTP are written into the resource, so that the two never disagree.
    rule = {
        "apiGroups": [GROUP],
        "resources": [PLURAL],
        "resourceNames": [context.name],
        "verbs": ["get", "patch"],
    }
    role = context.manifest(f"{_RBAC}/v1", "Role", name, "gateway", rules=[rule])
    binding = context.manifest(
        f"{_RBAC}/v1",
        "RoleBinding",
        name,
        "gateway",
        roleRef={"apiGroup": _RBAC, "kind": "Role", "name": name},
        subjects=[{"kind": "ServiceAccount", "name": name, "namespace": context.namespace}],
    )
    return [*accounts, role, binding]
